import type { Knex } from 'knex';
import type { WorkspaceScope } from './config_change.ts';

/** Some clients of a workspace that have chosen a `sub` of their own, by id. */
export async function pairwiseClients(
  executor: Knex,
  scope: WorkspaceScope,
  limit: number,
): Promise<string[]> {
  const { rows } = await executor.raw<{ rows: { client_id: string }[] }>(
    `SELECT client_id FROM clients WHERE tenant_id = ? AND workspace_id = ? AND settings ->> 'subject_type' = 'pairwise'
      ORDER BY client_id LIMIT ?`,
    [scope.tenantId, scope.workspaceId, limit],
  );
  return rows.map((row) => row.client_id);
}
