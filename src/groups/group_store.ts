import type { Knex } from 'knex';
import { selection, toRow, type Columns } from '../db/columns.ts';
import type { PoolScope } from '../pools/pool.ts';
import { foldName, type Group, type GroupScope, type GroupSettings } from './group.ts';

const COLUMNS: Columns<Group> = {
  tenantId: 'tenant_id',
  poolId: 'pool_id',
  id: 'group_id',
  parentId: 'parent_id',
  name: 'name',
  description: 'description',
  rowVersion: 'row_version',
};
export const SELECT_GROUP = selection(COLUMNS, 'g');

// A group of a pool that is being deleted is gone already.
const IN_LIVING_POOL = `JOIN pools p ON p.tenant_id = g.tenant_id AND p.pool_id = g.pool_id AND p.deleted_at IS NULL`;

/**
 * SQL of a group and everything below it, as the body of `WITH RECURSIVE below (group_id, level)`. Bindings:
 * `tenantId`, `poolId`, `groupId`. The group itself is on level 1. OFFSET keeps the look-up of children one by
 * one: what it costs is what is below, however many groups the pool has.
 */
export const BELOW = `
  SELECT g.group_id, 1 FROM groups g
   WHERE g.tenant_id = :tenantId AND g.pool_id = :poolId AND g.group_id = :groupId
  UNION ALL
  SELECT c.group_id, b.level + 1 FROM below b CROSS JOIN LATERAL (
    SELECT c.group_id FROM groups c
     WHERE c.tenant_id = :tenantId AND c.pool_id = :poolId AND c.parent_id = b.group_id OFFSET 0) c`;

/**
 * Holds the shape of a pool's tree until the transaction ends: `share` for what only adds to it, `exclusive` for
 * what moves a part of it, so that two moves cannot form a cycle and no move deepens what is being added to.
 */
export async function lockTree(
  tx: Knex.Transaction,
  scope: PoolScope,
  lock: 'share' | 'exclusive',
): Promise<void> {
  await tx.raw(`SELECT pg_advisory_xact_lock${lock === 'share' ? '_shared' : ''}(hashtextextended(?, 0))`, [
    `groups:${scope.tenantId}/${scope.poolId}`,
  ]);
}

/** Throws the unique violations of `groups_pkey` (the id) and `groups_name_unique`. */
export async function insertGroup(
  tx: Knex.Transaction,
  scope: GroupScope,
  settings: GroupSettings,
): Promise<void> {
  await tx('groups').insert({
    ...toRow<Partial<Group>>(COLUMNS, { ...settings, tenantId: scope.tenantId, poolId: scope.poolId }),
    group_id: scope.groupId,
    name_lc: foldName(settings.name),
  });
}

export async function findGroup(executor: Knex, scope: GroupScope): Promise<Group | undefined> {
  const { rows } = await executor.raw<{ rows: Group[] }>(
    `SELECT ${SELECT_GROUP} FROM groups g ${IN_LIVING_POOL}
      WHERE g.tenant_id = :tenantId AND g.pool_id = :poolId AND g.group_id = :groupId`,
    scope,
  );
  return rows[0];
}

/** The group, held until the transaction ends: `update` against other changes, `delete` against members as well. */
export async function lockGroup(
  tx: Knex.Transaction,
  scope: GroupScope,
  lock: 'update' | 'delete',
): Promise<Group | undefined> {
  const { rows } = await tx.raw<{ rows: Group[] }>(
    `SELECT ${SELECT_GROUP} FROM groups g ${IN_LIVING_POOL}
      WHERE g.tenant_id = :tenantId AND g.pool_id = :poolId AND g.group_id = :groupId
        FOR ${lock === 'update' ? 'NO KEY UPDATE' : 'UPDATE'} OF g`,
    scope,
  );
  return rows[0];
}

/** Throws the unique violation of `groups_name_unique`, and a foreign key's for a parent that is gone. */
export async function updateGroup(
  tx: Knex.Transaction,
  scope: GroupScope,
  settings: GroupSettings,
): Promise<void> {
  await tx('groups')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, group_id: scope.groupId })
    .update({
      ...toRow<Partial<Group>>(COLUMNS, settings),
      name_lc: foldName(settings.name),
      row_version: tx.raw('row_version + 1'),
      updated_at: tx.fn.now(),
    });
}

/** Removes the group with everything below it and all memberships. Gives how many groups are gone. */
export async function deleteGroup(tx: Knex.Transaction, scope: GroupScope): Promise<number> {
  const { rows } = await tx.raw<{ rows: { gone: number }[] }>(
    `WITH RECURSIVE below (group_id, level) AS (${BELOW}),
       members AS (
         DELETE FROM group_members m USING below b
          WHERE m.tenant_id = :tenantId AND m.pool_id = :poolId AND m.group_id = b.group_id)
     SELECT count(*) AS gone FROM below`,
    scope,
  );
  // What was added meanwhile goes by the foreign keys' cascade.
  await tx('groups')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, group_id: scope.groupId })
    .del();
  return rows[0]?.gone ?? 0;
}

/** The group and those above it, from itself to the top; empty when it is not in the pool. */
export async function pathToTop(executor: Knex, scope: GroupScope): Promise<string[]> {
  const { rows } = await executor.raw<{ rows: { id: string }[] }>(
    `WITH RECURSIVE above (group_id, parent_id, level) AS (
       SELECT g.group_id, g.parent_id, 1 FROM groups g
        WHERE g.tenant_id = :tenantId AND g.pool_id = :poolId AND g.group_id = :groupId
       UNION ALL
       SELECT g.group_id, g.parent_id, a.level + 1 FROM above a JOIN groups g
           ON g.tenant_id = :tenantId AND g.pool_id = :poolId AND g.group_id = a.parent_id)
     SELECT group_id AS id FROM above ORDER BY level`,
    scope,
  );
  return rows.map(({ id }) => id);
}

/** How many levels the group and everything below it take up. */
export async function heightOf(tx: Knex.Transaction, scope: GroupScope): Promise<number> {
  const { rows } = await tx.raw<{ rows: { height: number | null }[] }>(
    `WITH RECURSIVE below (group_id, level) AS (${BELOW}) SELECT max(level) AS height FROM below`,
    scope,
  );
  return rows[0]?.height ?? 0;
}
