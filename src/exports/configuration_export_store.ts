import type { Knex } from 'knex';
import { SELECT_GROUP } from '../groups/group_store.ts';
import type { Group } from '../groups/group.ts';
import { FULL_USER } from '../users/user_store.ts';
import type { FullUser } from '../users/user.ts';

type TenantScope = { readonly tenantId: string };

// What every tenant is administered with is no configuration to carry elsewhere.
const IN_OWN_POOL = (row: string): string =>
  `JOIN pools p ON p.tenant_id = ${row}.tenant_id AND p.pool_id = ${row}.pool_id AND p.deleted_at IS NULL AND NOT p.system`;

/** Everything that this transaction reads is of one moment. For its first statement. */
export async function readOneMoment(tx: Knex.Transaction): Promise<void> {
  await tx.raw('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
}

export async function listOwnPoolIds(
  executor: Knex,
  { tenantId }: TenantScope,
  limit: number,
): Promise<string[]> {
  return executor('pools')
    .where({ tenant_id: tenantId, deleted_at: null, system: false })
    .orderBy('pool_id')
    .limit(limit)
    .pluck('pool_id');
}

/** How many bytes of free text the people and schemas of a tenant hold; no more people than `limit` are looked at. */
export async function weighContents(
  executor: Knex,
  { tenantId }: TenantScope,
  limit: number,
): Promise<number> {
  const bytes = (...columns: string[]) =>
    columns.map((column) => `octet_length(${column}::text)`).join(' + ');
  const { rows } = await executor.raw<{ rows: { bytes: number }[] }>(
    `WITH people AS (
       SELECT u.tenant_id, u.pool_id, u.user_id,
              ${bytes('u.payload', 'u.metadata', 'u.business_metadata')} AS bytes
         FROM users u ${IN_OWN_POOL('u')} WHERE u.tenant_id = :tenantId LIMIT :limit)
     SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM (
       SELECT bytes FROM people
       UNION ALL
       SELECT ${bytes('i.identifier', 'i.metadata')} FROM people JOIN identifiers i USING (tenant_id, pool_id, user_id)
       UNION ALL
       SELECT ${bytes('a.address', 'a.metadata')}
         FROM people JOIN verifiable_addresses a USING (tenant_id, pool_id, user_id)
       UNION ALL
       SELECT ${bytes('s.document')} FROM schemas s WHERE s.tenant_id = :tenantId) held`,
    { tenantId, limit },
  );
  return rows[0]?.bytes ?? 0;
}

export async function listPeople(
  executor: Knex,
  { tenantId }: TenantScope,
  limit: number,
): Promise<FullUser[]> {
  const { rows } = await executor.raw<{ rows: FullUser[] }>(
    `SELECT ${FULL_USER} FROM users u ${IN_OWN_POOL('u')} WHERE u.tenant_id = ? ORDER BY u.user_id LIMIT ?`,
    [tenantId, limit],
  );
  return rows;
}

/** A group with the ids from the top of the tree down to it. */
export type PlacedGroup = Group & { readonly path: readonly string[] };

export async function listGroups(
  executor: Knex,
  { tenantId }: TenantScope,
  limit: number,
): Promise<PlacedGroup[]> {
  const { rows } = await executor.raw<{ rows: PlacedGroup[] }>(
    `WITH RECURSIVE tree (pool_id, group_id, path) AS (
       SELECT g.pool_id, g.group_id, ARRAY[g.group_id] FROM groups g
        WHERE g.tenant_id = :tenantId AND g.parent_id IS NULL
       UNION ALL
       SELECT c.pool_id, c.group_id, t.path || c.group_id FROM tree t JOIN groups c
           ON c.tenant_id = :tenantId AND c.pool_id = t.pool_id AND c.parent_id = t.group_id)
     SELECT ${SELECT_GROUP}, t.path FROM groups g ${IN_OWN_POOL('g')}
       JOIN tree t ON t.pool_id = g.pool_id AND t.group_id = g.group_id
      WHERE g.tenant_id = :tenantId ORDER BY g.pool_id, t.path LIMIT :limit`,
    { tenantId, limit },
  );
  return rows;
}

export type Membership = { readonly poolId: string; readonly groupId: string; readonly userId: string };

export async function listMemberships(
  executor: Knex,
  { tenantId }: TenantScope,
  limit: number,
): Promise<Membership[]> {
  const { rows } = await executor.raw<{ rows: Membership[] }>(
    `SELECT m.pool_id AS "poolId", m.group_id AS "groupId", m.user_id AS "userId"
       FROM group_members m ${IN_OWN_POOL('m')}
      WHERE m.tenant_id = ? ORDER BY m.pool_id, m.group_id, m.user_id LIMIT ?`,
    [tenantId, limit],
  );
  return rows;
}
