import { EventEmitter } from 'node:events';
import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';

/** The channel on which processes tell each other whose configuration moved. Payload: `tenant/workspace`. */
export const CONFIG_CHANNEL = 'weir_config';

export type WorkspaceScope = { readonly tenantId: string; readonly workspaceId: string };

/** Tells the caches of this process, after the commit and before the caller goes on, what has changed. */
export class ConfigBus extends EventEmitter<{ changed: [WorkspaceScope] }> {}

/** Records, inside the transaction, which workspaces the change concerns. */
export type Touch = {
  workspace(scope: WorkspaceScope): Promise<void>;
  workspacesOfPool(scope: { tenantId: string; poolId: string }): Promise<void>;
  workspacesOfTenant(scope: { tenantId: string }): Promise<void>;
};

/**
 * Runs a change of configuration in one transaction. What it touches gets a new `config_version` and is
 * announced to every process (`NOTIFY` is delivered at commit); this process's caches drop it before the
 * returned promise resolves, so a change takes effect at once where it was made (design 4.15).
 */
export async function changingConfig<T>(
  db: Database,
  bus: ConfigBus,
  change: (tx: Knex.Transaction, touch: Touch) => Promise<T>,
): Promise<T> {
  let touched = new Map<string, WorkspaceScope>();
  const result = await inTransaction(db, async (tx) => {
    touched = new Map();
    return change(tx, recorder(tx, touched));
  });
  for (const scope of touched.values()) bus.emit('changed', scope);
  return result;
}

function recorder(tx: Knex.Transaction, touched: Map<string, WorkspaceScope>): Touch {
  const bump = async (where: string, values: Record<string, string>): Promise<void> => {
    const { rows } = await tx.raw<{ rows: { tenant_id: string; workspace_id: string }[] }>(
      `WITH bumped AS (
         UPDATE workspaces w SET config_version = config_version + 1 WHERE ${where}
         RETURNING tenant_id, workspace_id)
       SELECT tenant_id, workspace_id, pg_notify('${CONFIG_CHANNEL}', tenant_id || '/' || workspace_id)
         FROM bumped`,
      values,
    );
    for (const row of rows) {
      const scope = { tenantId: row.tenant_id, workspaceId: row.workspace_id };
      touched.set(`${scope.tenantId}/${scope.workspaceId}`, scope);
    }
  };
  return {
    async workspace(scope) {
      await bump('w.tenant_id = :tenantId AND w.workspace_id = :workspaceId', scope);
      // A workspace that was just deleted has no row to bump, and its caches must go all the same.
      touched.set(`${scope.tenantId}/${scope.workspaceId}`, scope);
      await tx.raw(`SELECT pg_notify('${CONFIG_CHANNEL}', ?)`, [`${scope.tenantId}/${scope.workspaceId}`]);
    },
    workspacesOfPool: (scope) =>
      bump(
        `w.tenant_id = :tenantId AND EXISTS (
           SELECT FROM connections c WHERE c.tenant_id = w.tenant_id AND c.workspace_id = w.workspace_id
              AND c.pool_id = :poolId)`,
        scope,
      ),
    workspacesOfTenant: (scope) => bump('w.tenant_id = :tenantId', scope),
  };
}
