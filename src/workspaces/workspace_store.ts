import type { Knex } from 'knex';
import { json, selection, toRow, type Columns } from '../db/columns.ts';
import { keyset, type Page } from '../db/keyset.ts';
import { searchByName } from '../db/name_search.ts';
import type { WorkspaceScope } from './config_change.ts';
import type { Workspace, WorkspaceSettings, WorkspaceType } from './workspace.ts';

const COLUMNS: Columns<Workspace> = {
  tenantId: 'tenant_id',
  id: 'workspace_id',
  name: 'name',
  description: 'description',
  color: 'color',
  logoUri: 'logo_uri',
  type: 'type',
  profile: 'profile',
  grantTypes: 'grant_types',
  authenticationMechanisms: 'authentication_mechanisms',
  authorizationCodeTtlSeconds: 'authorization_code_ttl_s',
  accessTokenTtlSeconds: 'access_token_ttl_s',
  idTokenTtlSeconds: 'id_token_ttl_s',
  refreshTokenTtlSeconds: 'refresh_token_ttl_s',
  parTtlSeconds: 'par_ttl_s',
  sessionTtlSeconds: 'session_ttl_s',
  refreshTokenLeewaySeconds: 'refresh_token_leeway_s',
  requirePushedAuthorizationRequests: 'require_pushed_authorization_requests',
  enforcePkce: 'enforce_pkce',
  enforcePkceForPublicClients: 'enforce_pkce_for_public_clients',
  rotateConfidentialRefreshTokens: 'rotate_confidential_refresh_tokens',
  accessTokenStrategy: 'access_token_strategy',
  subjectIdentifierTypes: 'subject_identifier_types',
  subjectFormat: 'subject_format',
  scopeClaimFormats: 'scope_claim_formats',
  sso: json('sso'),
  idpDiscovery: 'idp_discovery',
  contextAttributes: json('context_attributes'),
  keyType: 'key_type',
  customLoginUrl: 'custom_login_url',
  customConsentUrl: 'custom_consent_url',
  metadata: json('metadata'),
  rowVersion: 'row_version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
const SELECT = selection(COLUMNS, 'w');
const SEARCHED = { tenantId: 'w.tenant_id', id: 'w.workspace_id', name: 'w.name' };
const keyOf = (scope: WorkspaceScope) => ({ tenant_id: scope.tenantId, workspace_id: scope.workspaceId });

export type NewWorkspace = WorkspaceSettings & Pick<Workspace, 'tenantId' | 'id' | 'type' | 'keyType'>;

/** Throws the unique violation of `workspaces_pkey`, or the foreign key violation of an absent tenant. */
export async function insertWorkspace(tx: Knex.Transaction, workspace: NewWorkspace): Promise<void> {
  await tx('workspaces').insert(toRow(COLUMNS, workspace));
}

export type SealedSigningKey = {
  readonly kid: string;
  readonly alg: string;
  readonly publicJwk: object;
  readonly sealed: string;
};

export async function insertSigningKeys(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  keys: readonly SealedSigningKey[],
): Promise<void> {
  await tx('signing_keys').insert(
    keys.map(({ kid, alg, publicJwk, sealed }) => ({
      ...keyOf(scope),
      kid,
      alg,
      public_jwk: JSON.stringify(publicJwk),
      private_jwk_sealed: sealed,
    })),
  );
}

export async function findWorkspace(executor: Knex, scope: WorkspaceScope): Promise<Workspace | undefined> {
  const { rows } = await executor.raw<{ rows: Workspace[] }>(
    `SELECT ${SELECT} FROM workspaces w WHERE w.tenant_id = ? AND w.workspace_id = ?`,
    [scope.tenantId, scope.workspaceId],
  );
  return rows[0];
}

// A change of settings must not make sign-ins wait: their rows refer to the workspace.
const LOCKS = { share: 'KEY SHARE', update: 'NO KEY UPDATE', delete: 'UPDATE' } as const;

/**
 * The workspace, held until the transaction ends: `share` against deletion, `update` against other changes,
 * `delete` against everything that would belong to it.
 */
export async function lockWorkspace(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  lock: keyof typeof LOCKS,
): Promise<Workspace | undefined> {
  const { rows } = await tx.raw<{ rows: Workspace[] }>(
    `SELECT ${SELECT} FROM workspaces w WHERE w.tenant_id = ? AND w.workspace_id = ?
        FOR ${LOCKS[lock]}`,
    [scope.tenantId, scope.workspaceId],
  );
  return rows[0];
}

export async function updateWorkspace(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  settings: Partial<WorkspaceSettings>,
): Promise<void> {
  await tx('workspaces')
    .where(keyOf(scope))
    .update({
      ...toRow<Partial<Workspace>>(COLUMNS, settings),
      row_version: tx.raw('row_version + 1'),
      updated_at: tx.fn.now(),
    });
}

/** Removes the workspace with its clients, connections, keys and artefacts. Its pools must be gone before. */
export async function deleteWorkspace(tx: Knex.Transaction, scope: WorkspaceScope): Promise<void> {
  // A pool that was deleted earlier may still wait for its purge.
  await tx('pools').where(keyOf(scope)).whereNotNull('deleted_at').update({ workspace_id: null });
  await tx('role_grants')
    .where({ tenant_id: scope.tenantId, resource_type: 'workspace', resource_id: scope.workspaceId })
    .del();
  await tx('role_grants')
    .where({ tenant_id: scope.tenantId, subject_type: 'client' })
    .whereIn('subject_id', tx('clients').where(keyOf(scope)).select('client_id'))
    .del();
  await tx('workspaces').where(keyOf(scope)).del();
}

export type WorkspaceFilter = {
  readonly types?: readonly WorkspaceType[] | undefined;
  readonly searchPhrase?: string | undefined;
  /** Only these. */
  readonly ids?: readonly string[] | undefined;
};

export async function listWorkspaces(
  executor: Knex,
  scope: { readonly tenantId: string },
  filter: WorkspaceFilter,
  page: Page,
): Promise<Workspace[]> {
  const { where, bindings, orderBy, arrange } = keyset(['w.workspace_id'], page);
  const conditions = [where];
  const values: (string | readonly string[])[] = [scope.tenantId, ...bindings];
  if (filter.types !== undefined) {
    conditions.push('w.type = ANY(?)');
    values.push(filter.types);
  }
  if (filter.ids !== undefined) {
    conditions.push('w.workspace_id = ANY(?)');
    values.push(filter.ids);
  }
  if (filter.searchPhrase !== undefined) {
    const search = searchByName(SEARCHED, scope.tenantId, filter.searchPhrase);
    conditions.push(search.where);
    values.push(...search.bindings);
  }
  const { rows } = await executor.raw<{ rows: Workspace[] }>(
    `SELECT ${SELECT} FROM workspaces w WHERE w.tenant_id = ? AND ${conditions.join(' AND ')}
      ORDER BY ${orderBy} LIMIT ?`,
    [...values, page.limit] as Knex.RawBinding[],
  );
  return arrange(rows);
}
