import type { Knex } from 'knex';
import { MAX_DEPENDENTS, refuseDependedOn, type Dependent } from '../dependents.ts';
import { refuseAny } from '../domain_error.ts';
import type { PoolScope } from '../pools/pool.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';
import { type RequiredGroup, requiredGroupIssues, sameGroup } from './required_groups.ts';

/**
 * Makes sure that what is newly required can be: groups of pools that are connected to the workspace. They are
 * held against deletion until the transaction ends, and their pools begin to look at memberships. Throws
 * `DomainError` (422), naming each that is not there.
 */
export async function holdRequiredGroups(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  required: readonly RequiredGroup[],
  before: readonly RequiredGroup[] = [],
): Promise<void> {
  refuseAny(requiredGroupIssues(required));
  const added = required.filter((group) => !before.some((other) => sameGroup(group, other)));
  if (added.length === 0) return;
  const { rows } = await tx.raw<{ rows: RequiredGroup[] }>(
    `SELECT g.pool_id AS "poolId", g.group_id AS "groupId"
       FROM unnest(:pools::text[], :groups::text[]) AS r(pool_id, group_id)
       JOIN groups g ON g.tenant_id = :tenantId AND g.pool_id = r.pool_id AND g.group_id = r.group_id
       JOIN pools p ON p.tenant_id = g.tenant_id AND p.pool_id = g.pool_id AND p.deleted_at IS NULL
      WHERE EXISTS (SELECT FROM connections c WHERE c.tenant_id = g.tenant_id AND c.pool_id = g.pool_id
                       AND c.workspace_id = :workspaceId)
        FOR KEY SHARE OF g`,
    {
      tenantId: scope.tenantId,
      workspaceId: scope.workspaceId,
      pools: added.map(({ poolId }) => poolId),
      groups: added.map(({ groupId }) => groupId),
    },
  );
  refuseAny(
    required.flatMap((group, at) =>
      [...rows, ...before].some((known) => sameGroup(group, known))
        ? []
        : [
            {
              pointer: `/required_groups/${at}`,
              message: 'there is no such group in a pool that is connected to this workspace',
            },
          ],
    ),
  );
  await tx('pools')
    .where({ tenant_id: scope.tenantId, groups_decide: false })
    .whereIn('pool_id', [...new Set(added.map(({ poolId }) => poolId))])
    .update({ groups_decide: true });
}

const MISSING = `AND NOT EXISTS (SELECT FROM groups g
  WHERE g.tenant_id = t.tenant_id AND g.pool_id = r."poolId" AND g.group_id = r."groupId")`;

/**
 * Refuses (409, naming what depends) when something requires a group of the pool that is no longer there: asked
 * after a deletion, in its transaction, so that what was required meanwhile counts.
 */
export async function refuseWhereRequired(tx: Knex.Transaction, scope: PoolScope): Promise<void> {
  const reason = 'Access depends on this group, or on one below it';
  refuseDependedOn(await requiring(tx, scope, MISSING), reason, 'group_required');
}

/** The same when something requires any group of the pool; of one workspace, or of all. */
export async function refuseWhereAnyRequired(
  tx: Knex.Transaction,
  scope: PoolScope & { readonly workspaceId?: string | undefined },
): Promise<void> {
  refuseDependedOn(await requiring(tx, scope, ''), 'Access depends on groups of the pool', 'group_required');
}

async function requiring(
  tx: Knex.Transaction,
  { tenantId, poolId, workspaceId }: PoolScope & { readonly workspaceId?: string | undefined },
  condition: string,
): Promise<Dependent[]> {
  const of = (table: string, kind: Dependent['kind'], id: string, name: string) => `
    SELECT '${kind}' AS kind, t.${id} AS id, t.${name} AS name, t.workspace_id AS "workspaceId" FROM ${table} t
     WHERE t.tenant_id = :tenantId AND t.required_groups <> '[]'
       AND (:workspaceId::text IS NULL OR t.workspace_id = :workspaceId) AND EXISTS (
         SELECT FROM jsonb_to_recordset(t.required_groups) AS r("poolId" text, "groupId" text)
          WHERE r."poolId" = :poolId ${condition})`;
  const { rows } = await tx.raw<{ rows: Dependent[] }>(
    `SELECT * FROM (
       ${of('clients', 'client', 'client_id', 'client_name')} UNION ALL ${of('scopes', 'scope', 'scope_id', 'name')}
       UNION ALL ${of('apis', 'service', 'api_id', 'name')}) d
      WHERE EXISTS (SELECT FROM pools p WHERE p.tenant_id = :tenantId AND p.pool_id = :poolId AND p.groups_decide)
      ORDER BY kind, id LIMIT ${MAX_DEPENDENTS}`,
    { tenantId, poolId, workspaceId: workspaceId ?? null } as Knex.ValueDict,
  );
  return rows;
}
