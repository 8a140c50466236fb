import type { Knex } from 'knex';

/** A connection through which nobody can sign in: without any way to, or without the second factor that is due. */
export type Methodless = {
  readonly workspaceId: string;
  readonly poolName: string;
  readonly mechanisms: readonly string[];
  readonly ceiling: readonly string[];
  /** It is the second factor that there is none for. */
  readonly isSecond: boolean;
};

const MAX_NAMED = 20;

/** The enabled connections of a workspace, of a pool, or of both, whose two lists of methods share none. */
export async function connectionsWithoutMethod(
  executor: Knex,
  scope: { readonly tenantId: string; readonly workspaceId?: string; readonly poolId?: string },
): Promise<Methodless[]> {
  const { tenantId, workspaceId = null, poolId = null } = scope;
  const { rows } = await executor.raw<{ rows: Methodless[] }>(
    `SELECT w.workspace_id AS "workspaceId", p.name AS "poolName", w.authentication_mechanisms AS ceiling,
            l.mechanisms, l.second AS "isSecond"
       FROM connections c
       JOIN workspaces w ON w.tenant_id = c.tenant_id AND w.workspace_id = c.workspace_id
       JOIN pools p ON p.tenant_id = c.tenant_id AND p.pool_id = c.pool_id AND p.deleted_at IS NULL
      CROSS JOIN LATERAL (VALUES (p.authentication_mechanisms, false),
                                 (p.second_factor_authentication_mechanisms, true)) AS l (mechanisms, second)
      WHERE c.tenant_id = ? AND (?::text IS NULL OR c.workspace_id = ?) AND (?::text IS NULL OR c.pool_id = ?)
        AND NOT c.disabled AND NOT l.mechanisms && w.authentication_mechanisms
        AND NOT (l.second AND cardinality(l.mechanisms) = 0)
      ORDER BY w.workspace_id, p.pool_id, l.second LIMIT ?`,
    [tenantId, workspaceId, workspaceId, poolId, poolId, MAX_NAMED] as Knex.RawBinding[],
  );
  return rows;
}
