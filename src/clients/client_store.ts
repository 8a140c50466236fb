import type { Knex } from 'knex';
import { json, selection, toRow, type Columns } from '../db/columns.ts';
import { keyset, type Page } from '../db/keyset.ts';
import { searchByName } from '../db/name_search.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';
import type { StoredSecret } from './client_secret.ts';
import type { ApplicationKind, Client, ClientScope, ClientSettings } from './client.ts';
import { ROTATED_NOTES } from './rotated_secrets_store.ts';

const COLUMNS: Columns<Omit<Client, 'rotatedSecrets'>> = {
  tenantId: 'tenant_id',
  id: 'client_id',
  workspaceId: 'workspace_id',
  clientName: 'client_name',
  description: 'description',
  clientStatus: 'client_status',
  applicationType: 'application_type',
  tokenEndpointAuthMethod: 'token_endpoint_auth_method',
  redirectUris: 'redirect_uris',
  postLogoutRedirectUris: 'post_logout_redirect_uris',
  grantTypes: 'grant_types',
  responseTypes: 'response_types',
  scopes: 'scopes',
  audience: 'audience',
  trusted: 'trusted',
  enforcePkce: 'enforce_pkce',
  requiredGroups: json('required_groups'),
  system: 'system',
  settings: json('settings'),
  metadata: json('metadata'),
  rowVersion: 'row_version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
const SELECT = `${selection(COLUMNS, 'c')}, ${ROTATED_NOTES} AS "rotatedSecrets"`;
const SEARCHED = { tenantId: 'c.tenant_id', id: 'c.client_id', name: 'c.client_name' };
const keyOf = (scope: ClientScope) => ({ tenant_id: scope.tenantId, client_id: scope.clientId });
const secretColumns = (secret: StoredSecret) => ({
  secret_hash: secret.secretHash,
  secret_sealed: secret.secretSealed,
});

export type NewClient = ClientSettings & Pick<Client, 'tenantId' | 'id' | 'workspaceId' | 'system'>;

/** Throws the unique violation of `clients_pkey`. */
export async function insertClient(
  tx: Knex.Transaction,
  client: NewClient,
  secret: StoredSecret,
): Promise<void> {
  await tx('clients').insert({ ...toRow(COLUMNS, client), ...secretColumns(secret) });
}

export async function findClient(executor: Knex, scope: ClientScope): Promise<Client | undefined> {
  const { rows } = await executor.raw<{ rows: Client[] }>(
    `SELECT ${SELECT} FROM clients c WHERE c.tenant_id = ? AND c.client_id = ?`,
    [scope.tenantId, scope.clientId],
  );
  return rows[0];
}

/** The client with its secret at rest, held against every other change until the transaction ends. */
export async function lockClient(
  tx: Knex.Transaction,
  scope: ClientScope,
): Promise<(Client & StoredSecret) | undefined> {
  const { rows } = await tx.raw<{ rows: (Client & StoredSecret)[] }>(
    `SELECT ${SELECT}, c.secret_hash AS "secretHash", c.secret_sealed AS "secretSealed"
       FROM clients c WHERE c.tenant_id = ? AND c.client_id = ? FOR UPDATE`,
    [scope.tenantId, scope.clientId],
  );
  return rows[0];
}

/** The secret of a client at rest. */
export async function findSecret(executor: Knex, scope: ClientScope): Promise<StoredSecret | undefined> {
  const { rows } = await executor.raw<{ rows: StoredSecret[] }>(
    `SELECT secret_hash AS "secretHash", secret_sealed AS "secretSealed" FROM clients
      WHERE tenant_id = ? AND client_id = ?`,
    [scope.tenantId, scope.clientId],
  );
  return rows[0];
}

export async function updateClient(
  tx: Knex.Transaction,
  scope: ClientScope,
  settings: ClientSettings,
  secret: StoredSecret,
): Promise<void> {
  await tx('clients')
    .where(keyOf(scope))
    .update({
      ...toRow<ClientSettings>(COLUMNS, settings),
      ...secretColumns(secret),
      row_version: tx.raw('row_version + 1'),
      updated_at: tx.fn.now(),
    });
}

export async function deleteClient(tx: Knex.Transaction, scope: ClientScope): Promise<void> {
  await tx('role_grants')
    .where({ tenant_id: scope.tenantId, subject_type: 'client', subject_id: scope.clientId })
    .del();
  await tx('clients').where(keyOf(scope)).del();
}

/** Another secret, or with none given another version alone. */
export async function updateSecret(
  tx: Knex.Transaction,
  scope: ClientScope,
  secret?: StoredSecret,
): Promise<void> {
  await tx('clients')
    .where(keyOf(scope))
    .update({
      ...(secret && secretColumns(secret)),
      row_version: tx.raw('row_version + 1'),
      updated_at: tx.fn.now(),
    });
}

export type ClientFilter = {
  readonly searchPhrase?: string | undefined;
  readonly applicationKinds?: readonly ApplicationKind[] | undefined;
};

// `applicationKindOf`, in SQL.
const APPLICATION_KIND = `CASE
  WHEN c.application_type = 'native' THEN 'mobile_desktop'
  WHEN NOT 'authorization_code' = ANY (c.grant_types) THEN 'service'
  WHEN c.token_endpoint_auth_method = 'none' THEN 'single_page'
  ELSE 'server_web' END`;

export async function listClients(
  executor: Knex,
  scope: WorkspaceScope,
  filter: ClientFilter,
  page: Page,
): Promise<Client[]> {
  const { where, bindings, orderBy, arrange } = keyset(['c.client_id'], page);
  const conditions = [where];
  const values: (string | readonly string[])[] = [scope.tenantId, scope.workspaceId, ...bindings];
  if (filter.searchPhrase !== undefined) {
    const search = searchByName(SEARCHED, scope.tenantId, filter.searchPhrase);
    conditions.push(search.where);
    values.push(...search.bindings);
  }
  if (filter.applicationKinds !== undefined) {
    conditions.push(`${APPLICATION_KIND} = ANY(?)`);
    values.push(filter.applicationKinds);
  }
  const { rows } = await executor.raw<{ rows: Client[] }>(
    `SELECT ${SELECT} FROM clients c
      WHERE c.tenant_id = ? AND c.workspace_id = ? AND ${conditions.join(' AND ')}
      ORDER BY ${orderBy} LIMIT ?`,
    [...values, page.limit] as Knex.RawBinding[],
  );
  return arrange(rows);
}
