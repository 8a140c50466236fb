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
  after: string,
  limit: number,
): Promise<{ id: string; identifier: string }[]> {
  return tx('identifiers')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId })
    .andWhere('identifier_id', '>', after)
    .orderBy('identifier_id')
    .limit(limit)
    .select({ id: 'identifier_id', identifier: 'identifier' });
}

export async function setLookupKeys(
  tx: Knex.Transaction,
  scope: PoolScope,
  keys: readonly { readonly id: string; readonly key: string }[],
): Promise<void> {
  await tx.raw(
    `UPDATE identifiers i SET lookup_key = k.key
       FROM unnest(?::text[], ?::text[]) AS k(id, key)
      WHERE i.tenant_id = ? AND i.pool_id = ? AND i.identifier_id = k.id AND i.lookup_key <> k.key`,
    [keys.map(({ id }) => id), keys.map(({ key }) => key), scope.tenantId, scope.poolId],
  );
}
