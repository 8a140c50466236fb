import type { Config } from '../config.ts';
import { createHashQueue } from '../credentials/hash_queue.ts';
import { createDomain } from '../domain.ts';
import { SYSTEM_ACTOR } from '../events/audit.ts';
import { createSealer } from '../security/seal.ts';
import { ConfigBus } from '../workspaces/config_change.ts';
import { asOperator } from './operator.ts';

/** `weir tenant create`: like `POST /api/system/tenants`, and prints the credentials of its management client once. */
export async function tenantCreateCommand(config: Config, id: string, name: string): Promise<void> {
  const { tenant, adminClient } = await asOperator(config, async ({ db, secrets }) => {
    const sealer = createSealer(secrets.masterKeys);
    const domain = createDomain({ db, bus: new ConfigBus(), sealer, hashQueue: createHashQueue() });
    return await domain.tenants.create({ id, name }, SYSTEM_ACTOR);
  });
  console.log(`Tenant ${tenant.id} is created. Its management client, shown this once:`);
  console.log(`  client_id      ${adminClient.id}`);
  console.log(`  client_secret  ${adminClient.clientSecret}`);
  console.log(`  token endpoint ${config.publicUrl}/${tenant.id}/admin/oauth2/token`);
}
