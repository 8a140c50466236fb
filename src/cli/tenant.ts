import { createTenantFromMachine } from '../bootstrap.ts';
import type { Config } from '../config.ts';
import { asOperator } from './operator.ts';

/** `weir tenant create`: like `POST /api/system/tenants`, and prints the credentials of its management client once. */
export async function tenantCreateCommand(config: Config, id: string, name: string): Promise<void> {
  const { clientId, clientSecret } = await asOperator(config, (deps) =>
    createTenantFromMachine(deps, { id, name }),
  );
  console.log(`Tenant ${id} is created. Its management client, shown this once:`);
  console.log(`  client_id      ${clientId}`);
  console.log(`  client_secret  ${clientSecret}`);
  console.log(`  issuer         ${config.publicUrl}/${id}/admin`);
}
