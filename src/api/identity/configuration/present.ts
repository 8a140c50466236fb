import type { ExportedConfiguration } from '../../../exports/configuration_export.ts';
import type { BasedOn } from '../../../imports/configuration.ts';
import { presentPool } from '../pools/present.ts';
import { presentSchema } from '../schemas/present.ts';
import { answerUser } from '../users/present.ts';

type Parts = Record<'identifiers' | 'verifiable_addresses' | 'credentials', readonly unknown[]>;

/** A tenant's dump as it leaves: credentials masked, as everywhere (contract 1.10). */
export function presentConfiguration(tenantId: string, dump: ExportedConfiguration): object {
  const people = dump.users.map((user) => answerUser(user).body as Parts);
  return {
    pools: dump.pools.map(presentPool),
    schemas: dump.schemas.map(presentSchema),
    users: people.map(({ identifiers: _i, verifiable_addresses: _a, credentials: _c, ...user }) => user),
    user_identifiers: people.flatMap(({ identifiers }) => identifiers),
    user_verifiable_addresses: people.flatMap(({ verifiable_addresses: addresses }) => addresses),
    user_credentials: people.flatMap(({ credentials }) => credentials),
    groups: dump.groups.map((group) => ({
      id: group.id,
      tenant_id: tenantId,
      user_pool_id: group.poolId,
      name: group.name,
      description: group.description,
      path: group.path.map((step) => `/${step}`).join(''),
    })),
    group_members: dump.members.map(({ poolId, groupId, userId }) => ({
      tenant_id: tenantId,
      user_pool_id: poolId,
      group_id: groupId,
      user_id: userId,
    })),
    // Codes live for minutes and fit no other server.
    codes: [],
  };
}

/** What is there at the moment of the dump: a change that is based on it holds for nothing newer. */
export const versionsOf = ({ pools, users }: ExportedConfiguration): BasedOn => ({
  pools: new Map(pools.map(({ id, rowVersion }) => [id, rowVersion])),
  users: new Map(users.map(({ id, rowVersion }) => [id, rowVersion])),
});
