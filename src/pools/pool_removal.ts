import type { Knex } from 'knex';
import { deleteConnectionsOfPool } from '../connections/connection_store.ts';
import { refuseWhereAnyRequired } from '../access/required_groups_store.ts';
import { refuseDependedOn } from '../dependents.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { endAccess } from '../sessions/end_access.ts';
import type { Touch } from '../workspaces/config_change.ts';
import type { PoolScope } from './pool.ts';
import { markPoolDeleted } from './pool_store.ts';

/**
 * Deletes a pool that the caller holds, in the caller's transaction: its people lose access, its connections go,
 * its name is free. `withConnections` false refuses (409) while an enabled connection still lets them in. Refused
 * too while access to something requires one of its groups; `withWorkspace`: that goes with the workspace that both
 * are part of.
 */
export async function removePool(
  tx: Knex.Transaction,
  touch: Touch,
  scope: PoolScope,
  options: { withConnections: boolean; withWorkspace?: boolean; by: Actor },
): Promise<void> {
  await touch.workspacesOfPool(scope);
  const connections = await deleteConnectionsOfPool(tx, scope);
  if (!options.withConnections) {
    const enabled = connections.filter(({ disabled }) => !disabled);
    refuseDependedOn(
      enabled.map(({ workspaceId: id }) => ({ kind: 'workspace', id })),
      'The pool is connected: disconnect it first, or use with_idp=true',
      'pool_in_use',
    );
  }
  if (options.withWorkspace !== true) await refuseWhereAnyRequired(tx, scope);
  await endAccess(tx, scope, 'pool_deleted');
  for (const { id, workspaceId } of connections) {
    await recordAudit(tx, scope, options.by, {
      subject: 'idp',
      action: 'deleted',
      workspaceId,
      affected: { poolId: scope.poolId, connectionId: id },
    });
  }
  await recordAudit(tx, scope, options.by, {
    subject: 'pool',
    action: 'deleted',
    affected: { poolId: scope.poolId },
  });
  // Last: until here its events are with the workspace that it belongs to.
  await markPoolDeleted(tx, scope);
}
