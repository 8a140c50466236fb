import type { Knex } from 'knex';
import { json, selection, toRow, type Columns } from '../db/columns.ts';
import { keyset, type Page } from '../db/keyset.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';
import { type Api, type ApiKey, type ApiSettings, MAX_APIS } from './api.ts';

const COLUMNS: Columns<Api> = {
  tenantId: 'tenant_id',
  id: 'api_id',
  workspaceId: 'workspace_id',
  name: 'name',
  description: 'description',
  audience: 'audience',
  tokenFormat: 'token_format',
  tokenSigningAlg: 'token_signing_alg',
  accessTokenTtlSeconds: 'access_token_ttl_s',
  clientId: 'client_id',
  requiredGroups: json('required_groups'),
  rowVersion: 'row_version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
const SELECT = selection(COLUMNS, 'a');
const keyOf = (key: ApiKey) => ({ tenant_id: key.tenantId, api_id: key.apiId });

/** Throws the unique violations of `apis_pkey` and `apis_audience_unique`, and the foreign key's of `apis_client`. */
export async function insertApi(
  tx: Knex.Transaction,
  api: ApiSettings & Pick<Api, 'tenantId' | 'id' | 'workspaceId'>,
): Promise<void> {
  await tx('apis').insert(toRow<Partial<Api>>(COLUMNS, api));
}

export async function findApi(executor: Knex, key: ApiKey): Promise<Api | undefined> {
  const { rows } = await executor.raw<{ rows: Api[] }>(
    `SELECT ${SELECT} FROM apis a WHERE a.tenant_id = ? AND a.api_id = ?`,
    [key.tenantId, key.apiId],
  );
  return rows[0];
}

/** The API, held until the transaction ends: `share` against deletion, `update` against every change. */
export async function lockApi(
  tx: Knex.Transaction,
  key: ApiKey,
  lock: 'share' | 'update',
): Promise<Api | undefined> {
  const { rows } = await tx.raw<{ rows: Api[] }>(
    `SELECT ${SELECT} FROM apis a WHERE a.tenant_id = ? AND a.api_id = ?
        FOR ${lock === 'share' ? 'KEY SHARE' : 'UPDATE'}`,
    [key.tenantId, key.apiId],
  );
  return rows[0];
}

/** The APIs of a workspace, by id; with a phrase, the one of that id and those whose name holds it. */
export async function listApis(
  executor: Knex,
  scope: WorkspaceScope,
  { searchPhrase }: { readonly searchPhrase?: string | undefined } = {},
  page: Page = { limit: MAX_APIS },
): Promise<Api[]> {
  const { where, bindings, orderBy, arrange } = keyset(['a.api_id'], page);
  const phrase = searchPhrase === undefined ? [] : [searchPhrase, searchPhrase];
  const { rows } = await executor.raw<{ rows: Api[] }>(
    `SELECT ${SELECT} FROM apis a
      WHERE a.tenant_id = ? AND a.workspace_id = ? AND ${where}
        ${phrase.length === 0 ? '' : 'AND (a.api_id = ? OR strpos(lower(a.name), lower(?)) > 0)'}
      ORDER BY ${orderBy} LIMIT ?`,
    [scope.tenantId, scope.workspaceId, ...bindings, ...phrase, page.limit],
  );
  return arrange(rows);
}

export async function countApis(tx: Knex.Transaction, scope: WorkspaceScope): Promise<number> {
  const { rows } = await tx.raw<{ rows: { count: number }[] }>(
    'SELECT count(*)::int AS count FROM apis WHERE tenant_id = ? AND workspace_id = ?',
    [scope.tenantId, scope.workspaceId],
  );
  return rows[0]?.count ?? 0;
}

/** Throws the unique violation of `apis_audience_unique`, and the foreign key's of `apis_client`. */
export async function updateApi(tx: Knex.Transaction, key: ApiKey, settings: ApiSettings): Promise<void> {
  await tx('apis')
    .where(keyOf(key))
    .update({
      ...toRow<Partial<Api>>(COLUMNS, settings),
      row_version: tx.raw('row_version + 1'),
      updated_at: tx.fn.now(),
    });
}

export async function deleteApi(tx: Knex.Transaction, key: ApiKey): Promise<void> {
  await tx('apis').where(keyOf(key)).del();
}

/**
 * Whether a client of the workspace can authenticate, which is what asking about tokens needs. Held against
 * deletion until the transaction ends.
 */
export async function lockAskingClient(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  clientId: string,
): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `SELECT FROM clients WHERE tenant_id = ? AND client_id = ? AND workspace_id = ?
        AND token_endpoint_auth_method <> 'none' FOR KEY SHARE`,
    [scope.tenantId, clientId, scope.workspaceId],
  );
  return rows.length > 0;
}
