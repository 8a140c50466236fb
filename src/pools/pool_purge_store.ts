import type { Knex } from 'knex';
import type { PoolScope } from './pool.ts';

export async function deletedPools(executor: Knex, limit: number): Promise<PoolScope[]> {
  return executor('pools')
    .whereNotNull('deleted_at')
    .orderBy(['tenant_id', 'pool_id'])
    .limit(limit)
    .select({ tenantId: 'tenant_id', poolId: 'pool_id' });
}

/** Removes up to `limit` people of a deleted pool with all they own, keeping their ids taken. Gives how many. */
export async function purgeUsers(tx: Knex.Transaction, scope: PoolScope, limit: number): Promise<number> {
  const { rows } = await tx.raw<{ rows: { purged: number }[] }>(
    `WITH batch AS (
       SELECT u.tenant_id, u.user_id FROM users u JOIN pools p USING (tenant_id, pool_id)
        WHERE u.tenant_id = :tenantId AND u.pool_id = :poolId AND p.deleted_at IS NOT NULL
        ORDER BY u.user_id LIMIT :limit FOR UPDATE OF u SKIP LOCKED),
     tombstones AS (
       UPDATE user_ids i SET deleted_at = now() FROM batch b
        WHERE i.tenant_id = b.tenant_id AND i.user_id = b.user_id),
     roles AS (
       DELETE FROM role_grants g USING batch b WHERE g.tenant_id = b.tenant_id
          AND g.subject_type = 'identity_pool_user' AND g.subject_id = b.user_id),
     gone AS (
       DELETE FROM users u USING batch b WHERE u.tenant_id = b.tenant_id AND u.user_id = b.user_id
       RETURNING u.user_id)
     SELECT count(*) AS purged FROM gone`,
    { ...scope, limit },
  );
  return rows[0]?.purged ?? 0;
}

/**
 * Removes the pool's row and what little is left of it. False while people or connections still hold it, or rows of
 * an import wait, hashes among them: whoever clears those away finds them by the import.
 */
export async function purgePoolRow(tx: Knex.Transaction, scope: PoolScope): Promise<boolean> {
  const key = { tenant_id: scope.tenantId, pool_id: scope.poolId };
  const { rows } = await tx.raw<{ rows: { held: boolean }[] }>(
    `SELECT EXISTS (SELECT FROM users u WHERE u.tenant_id = p.tenant_id AND u.pool_id = p.pool_id)
         OR EXISTS (SELECT FROM connections c WHERE c.tenant_id = p.tenant_id AND c.pool_id = p.pool_id)
         OR EXISTS (SELECT FROM imports j WHERE j.tenant_id = p.tenant_id AND j.pool_id = p.pool_id AND j.staged)
            AS held
       FROM pools p WHERE p.tenant_id = ? AND p.pool_id = ? AND p.deleted_at IS NOT NULL FOR UPDATE`,
    [scope.tenantId, scope.poolId],
  );
  if (rows[0] === undefined || rows[0].held) return false;
  await tx('groups').where(key).del();
  await tx('role_grants')
    .where({ tenant_id: scope.tenantId, resource_type: 'identity_pool', resource_id: scope.poolId })
    .del();
  await tx('pools').where(key).del();
  return true;
}
