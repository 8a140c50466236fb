import type { Knex } from 'knex';
import { json, selection, toRow, type Columns } from '../db/columns.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';
import { MAX_SCOPES, type Scope, type ScopeKey, type ScopeSettings } from './scope.ts';

const COLUMNS: Columns<Scope> = {
  tenantId: 'tenant_id',
  id: 'scope_id',
  workspaceId: 'workspace_id',
  name: 'name',
  displayName: 'display_name',
  description: 'description',
  translations: json('translations'),
  apiId: 'api_id',
  requiredGroups: json('required_groups'),
  metadata: json('metadata'),
  rowVersion: 'row_version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
const SELECT = selection(COLUMNS, 's');
const keyOf = (key: ScopeKey) => ({ tenant_id: key.tenantId, scope_id: key.scopeId });

/** Throws the unique violations of `scopes_pkey` and `scopes_name_unique`. */
export async function insertScope(
  tx: Knex.Transaction,
  scope: ScopeSettings & Pick<Scope, 'tenantId' | 'id' | 'workspaceId'>,
): Promise<void> {
  await tx('scopes').insert(toRow<Partial<Scope>>(COLUMNS, scope));
}

export async function findScope(executor: Knex, key: ScopeKey): Promise<Scope | undefined> {
  const { rows } = await executor.raw<{ rows: Scope[] }>(
    `SELECT ${SELECT} FROM scopes s WHERE s.tenant_id = ? AND s.scope_id = ?`,
    [key.tenantId, key.scopeId],
  );
  return rows[0];
}

/** The scope, held against every other change until the transaction ends. */
export async function lockScope(tx: Knex.Transaction, key: ScopeKey): Promise<Scope | undefined> {
  const { rows } = await tx.raw<{ rows: Scope[] }>(
    `SELECT ${SELECT} FROM scopes s WHERE s.tenant_id = ? AND s.scope_id = ? FOR UPDATE`,
    [key.tenantId, key.scopeId],
  );
  return rows[0];
}

/** The scopes of a workspace, by name; `apiId` those of one API. */
export async function listScopes(
  executor: Knex,
  scope: WorkspaceScope,
  { apiId }: { readonly apiId?: string } = {},
): Promise<Scope[]> {
  const { rows } = await executor.raw<{ rows: Scope[] }>(
    `SELECT ${SELECT} FROM scopes s
      WHERE s.tenant_id = :tenantId AND s.workspace_id = :workspaceId
        ${apiId === undefined ? '' : 'AND s.api_id = :apiId'}
      ORDER BY s.name COLLATE "C" LIMIT ${MAX_SCOPES}`,
    { tenantId: scope.tenantId, workspaceId: scope.workspaceId, apiId: apiId ?? '' },
  );
  return rows;
}

export async function countScopes(tx: Knex.Transaction, scope: WorkspaceScope): Promise<number> {
  const { rows } = await tx.raw<{ rows: { count: number }[] }>(
    'SELECT count(*)::int AS count FROM scopes WHERE tenant_id = ? AND workspace_id = ?',
    [scope.tenantId, scope.workspaceId],
  );
  return rows[0]?.count ?? 0;
}

/** Throws the unique violation of `scopes_name_unique`. */
export async function updateScope(
  tx: Knex.Transaction,
  key: ScopeKey,
  settings: ScopeSettings,
): Promise<void> {
  await tx('scopes')
    .where(keyOf(key))
    .update({
      ...toRow<Partial<Scope>>(COLUMNS, settings),
      row_version: tx.raw('row_version + 1'),
      updated_at: tx.fn.now(),
    });
}

export async function deleteScope(tx: Knex.Transaction, key: ScopeKey): Promise<void> {
  await tx('scopes').where(keyOf(key)).del();
}

export async function deleteScopesOfApi(
  tx: Knex.Transaction,
  key: { readonly tenantId: string; readonly apiId: string },
): Promise<void> {
  await tx('scopes').where({ tenant_id: key.tenantId, api_id: key.apiId }).del();
}
