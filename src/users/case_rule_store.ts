import type { Knex } from 'knex';
import type { PoolScope } from '../pools/pool.ts';

/** Groups of identifiers that differ in case only. */
export async function clashingIdentifiers(
  tx: Knex.Transaction,
  scope: PoolScope,
  limit: number,
): Promise<string[][]> {
  const { rows } = await tx.raw<{ rows: { names: string[] }[] }>(
    `SELECT array_agg(identifier ORDER BY identifier) AS names FROM identifiers
      WHERE tenant_id = ? AND pool_id = ? GROUP BY identifier_lc HAVING count(*) > 1 LIMIT ?`,
    [scope.tenantId, scope.poolId, limit],
  );
  return rows.map((row) => row.names);
}

export async function identifiersAfter(
  tx: Knex.Transaction,
  scope: PoolScope,
  after: { readonly userId: string; readonly id: string },
  limit: number,
): Promise<{ userId: string; id: string; identifier: string }[]> {
  return tx('identifiers')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId })
    .andWhereRaw('(user_id, identifier_id) > (?, ?)', [after.userId, after.id])
    .orderBy(['user_id', 'identifier_id'])
    .limit(limit)
    .select({ userId: 'user_id', id: 'identifier_id', identifier: 'identifier' });
}

export async function setLookupKeys(
  tx: Knex.Transaction,
  scope: PoolScope,
  keys: readonly { readonly userId: string; readonly id: string; readonly key: string }[],
): Promise<void> {
  await tx.raw(
    `UPDATE identifiers i SET lookup_key = k.key
       FROM unnest(?::text[], ?::text[], ?::text[]) AS k(user_id, id, key)
      WHERE i.tenant_id = ? AND i.pool_id = ? AND i.user_id = k.user_id AND i.identifier_id = k.id
        AND i.lookup_key <> k.key`,
    [
      keys.map(({ userId }) => userId),
      keys.map(({ id }) => id),
      keys.map(({ key }) => key),
      scope.tenantId,
      scope.poolId,
    ],
  );
}
