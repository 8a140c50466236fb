import type { Knex } from 'knex';
import { json, selection, toRow, type Columns } from '../db/columns.ts';
import { keyset, type Page } from '../db/keyset.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';
import type { Connection, ConnectionScope, ConnectionSettings } from './connection.ts';

const COLUMNS: Columns<Connection> = {
  tenantId: 'tenant_id',
  workspaceId: 'workspace_id',
  id: 'connection_id',
  poolId: 'pool_id',
  name: 'name',
  disabled: 'disabled',
  hidden: 'hidden',
  displayOrder: 'display_order',
  logoUri: 'logo_uri',
  staticAmr: 'static_amr',
  config: json('config'),
  discoverySettings: json('discovery_settings'),
  ssoSettings: json('sso_settings'),
  attributes: json('attributes'),
  mappings: json('mappings'),
  rowVersion: 'row_version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
const SELECT = selection(COLUMNS, 'c');
const keyOf = (scope: ConnectionScope) => ({
  tenant_id: scope.tenantId,
  workspace_id: scope.workspaceId,
  connection_id: scope.connectionId,
});

export type NewConnection = ConnectionSettings &
  Pick<Connection, 'tenantId' | 'workspaceId' | 'id' | 'poolId'>;

/** Throws the unique violations of `connections_pkey` and `connections_one_per_pool`. */
export async function insertConnection(tx: Knex.Transaction, connection: NewConnection): Promise<void> {
  await tx('connections').insert(toRow(COLUMNS, connection));
}

export async function findConnection(
  executor: Knex,
  scope: ConnectionScope,
): Promise<Connection | undefined> {
  const { rows } = await executor.raw<{ rows: Connection[] }>(
    `SELECT ${SELECT} FROM connections c
       JOIN pools p ON p.tenant_id = c.tenant_id AND p.pool_id = c.pool_id AND p.deleted_at IS NULL
      WHERE c.tenant_id = ? AND c.workspace_id = ? AND c.connection_id = ?`,
    [scope.tenantId, scope.workspaceId, scope.connectionId],
  );
  return rows[0];
}

/** The connection, held against every other change until the transaction ends. */
export async function lockConnection(
  tx: Knex.Transaction,
  scope: ConnectionScope,
): Promise<Connection | undefined> {
  const { rows } = await tx.raw<{ rows: Connection[] }>(
    `SELECT ${SELECT} FROM connections c
      WHERE c.tenant_id = ? AND c.workspace_id = ? AND c.connection_id = ? FOR UPDATE`,
    [scope.tenantId, scope.workspaceId, scope.connectionId],
  );
  return rows[0];
}

export async function updateConnection(
  tx: Knex.Transaction,
  scope: ConnectionScope,
  settings: ConnectionSettings,
): Promise<void> {
  await tx('connections')
    .where(keyOf(scope))
    .update({
      ...toRow<Partial<Connection>>(COLUMNS, settings),
      row_version: tx.raw('row_version + 1'),
      updated_at: tx.fn.now(),
    });
}

export async function deleteConnection(tx: Knex.Transaction, scope: ConnectionScope): Promise<void> {
  await tx('connections').where(keyOf(scope)).del();
}

/** Removes every connection of a pool; gives those that were there. */
export async function deleteConnectionsOfPool(
  tx: Knex.Transaction,
  scope: { readonly tenantId: string; readonly poolId: string },
): Promise<Connection[]> {
  const { rows } = await tx.raw<{ rows: Connection[] }>(
    `DELETE FROM connections c WHERE c.tenant_id = ? AND c.pool_id = ? RETURNING ${SELECT}`,
    [scope.tenantId, scope.poolId],
  );
  return rows;
}

/** How many pools are connected to a workspace. Exact for whoever holds the workspace's row. */
export async function countConnectionsOfWorkspace(executor: Knex, scope: WorkspaceScope): Promise<number> {
  const { rows } = await executor.raw<{ rows: [{ connections: number }] }>(
    `SELECT count(*)::int AS connections FROM connections c WHERE c.tenant_id = ? AND c.workspace_id = ?`,
    [scope.tenantId, scope.workspaceId],
  );
  return rows[0].connections;
}

/** All of them: there are `MAX_CONNECTIONS` at most. */
export async function listConnectionsOfWorkspace(
  executor: Knex,
  scope: WorkspaceScope,
): Promise<Connection[]> {
  const { rows } = await executor.raw<{ rows: Connection[] }>(
    `SELECT ${SELECT} FROM connections c WHERE c.tenant_id = ? AND c.workspace_id = ?
      ORDER BY c.display_order, c.connection_id`,
    [scope.tenantId, scope.workspaceId],
  );
  return rows;
}

/** One page of them, by workspace: a pool has one connection to each at most. */
export async function listConnectionsOfPool(
  executor: Knex,
  scope: { readonly tenantId: string; readonly poolId: string },
  page: Page,
): Promise<Connection[]> {
  const { where, bindings, orderBy, arrange } = keyset(['c.workspace_id'], page);
  const { rows } = await executor.raw<{ rows: Connection[] }>(
    `SELECT ${SELECT} FROM connections c WHERE c.tenant_id = ? AND c.pool_id = ? AND ${where}
      ORDER BY ${orderBy} LIMIT ?`,
    [scope.tenantId, scope.poolId, ...bindings, page.limit] as Knex.RawBinding[],
  );
  return arrange(rows);
}
