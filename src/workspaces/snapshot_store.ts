import type { JsonWebKey } from 'node:crypto';
import type { Knex } from 'knex';
import { withClient } from '../db/connection.ts';
import type { WorkspaceScope } from './config_change.ts';
import type { ConnectedPool, WorkspaceKey, WorkspaceSnapshot } from './snapshot.ts';

type SealedKey = Omit<WorkspaceKey, 'jwk'> & { readonly sealed: string };

type Row = {
  config_version: number;
  tenant_name: string;
  name: string;
  logo_uri: string;
  type: WorkspaceSnapshot['type'];
  grant_types: string[];
  key_type: WorkspaceSnapshot['keyType'];
  mechanisms: WorkspaceSnapshot['mechanisms'];
  authorization_code_ttl_s: number;
  access_token_ttl_s: number;
  id_token_ttl_s: number;
  refresh_token_ttl_s: number;
  refresh_token_leeway_s: number;
  session_ttl_s: number;
  require_pushed_authorization_requests: boolean;
  enforce_pkce: boolean;
  rotate_confidential_refresh_tokens: boolean;
  connections: ConnectedPool[];
  keys: SealedKey[];
};

/** The name under which a workspace's private key is sealed. */
export const signingKeyName = (scope: WorkspaceScope, kid: string): string =>
  `signing_key:${scope.tenantId}/${scope.workspaceId}/${kid}`;

/**
 * Reads a workspace with its connected pools and keys in one statement. `open` unseals a private key.
 * `undefined` when there is no such workspace.
 */
export async function loadSnapshot(
  knex: Knex,
  scope: WorkspaceScope,
  open: (sealed: string, name: string) => string,
): Promise<WorkspaceSnapshot | undefined> {
  const row = await withClient(knex, async (client) => {
    const { rows } = await client.query<Row>({
      name: 'workspace-snapshot',
      text: `SELECT w.config_version, t.name AS tenant_name, w.name, w.logo_uri, w.type, w.grant_types, w.key_type,
          w.authentication_mechanisms AS mechanisms, w.authorization_code_ttl_s, w.access_token_ttl_s,
          w.id_token_ttl_s, w.refresh_token_ttl_s, w.refresh_token_leeway_s, w.session_ttl_s,
          w.require_pushed_authorization_requests, w.enforce_pkce, w.rotate_confidential_refresh_tokens,
          coalesce((SELECT json_agg(json_build_object(
              'connectionId', c.connection_id, 'poolId', c.pool_id, 'name', c.name, 'disabled', c.disabled,
              'hidden', c.hidden, 'displayOrder', c.display_order, 'logoUri', c.logo_uri,
              'staticAmr', c.static_amr, 'pool', json_build_object(
                'name', p.name, 'description', p.description, 'badgeColor', p.badge_color,
                'identifierCaseInsensitive', p.identifier_case_insensitive,
                'mechanisms', p.authentication_mechanisms)))
            FROM connections c JOIN pools p ON p.tenant_id = c.tenant_id AND p.pool_id = c.pool_id
             AND p.deleted_at IS NULL
           WHERE c.tenant_id = w.tenant_id AND c.workspace_id = w.workspace_id), '[]') AS connections,
          coalesce((SELECT json_agg(json_build_object(
              'kid', k.kid, 'alg', k.alg, 'status', k.status, 'sealed', k.private_jwk_sealed)
              ORDER BY (k.status = 'current') DESC, k.alg DESC, k.created_at DESC)
            FROM signing_keys k WHERE k.tenant_id = w.tenant_id AND k.workspace_id = w.workspace_id
             AND k.use = 'sig' AND k.status <> 'revoked'), '[]') AS keys
        FROM workspaces w JOIN tenants t ON t.tenant_id = w.tenant_id
       WHERE w.tenant_id = $1 AND w.workspace_id = $2`,
      values: [scope.tenantId, scope.workspaceId],
    });
    return rows[0];
  });
  return row && present(scope, row, open);
}

function present(
  scope: WorkspaceScope,
  row: Row,
  open: (sealed: string, name: string) => string,
): WorkspaceSnapshot {
  return {
    ...scope,
    configVersion: row.config_version,
    tenantName: row.tenant_name,
    name: row.name,
    logoUri: row.logo_uri,
    type: row.type,
    grantTypes: row.grant_types,
    keyType: row.key_type,
    mechanisms: row.mechanisms,
    lifetimes: {
      authorizationCodeSeconds: row.authorization_code_ttl_s,
      accessTokenSeconds: row.access_token_ttl_s,
      idTokenSeconds: row.id_token_ttl_s,
      refreshTokenSeconds: row.refresh_token_ttl_s,
      refreshTokenLeewaySeconds: row.refresh_token_leeway_s,
      sessionSeconds: row.session_ttl_s,
    },
    requirePushedAuthorizationRequests: row.require_pushed_authorization_requests,
    enforcePkce: row.enforce_pkce,
    rotateConfidentialRefreshTokens: row.rotate_confidential_refresh_tokens,
    connections: row.connections,
    keys: row.keys.map(({ kid, alg, status, sealed }) => ({
      kid,
      alg,
      status,
      jwk: JSON.parse(open(sealed, signingKeyName(scope, kid))) as JsonWebKey & {
        kid: string;
        alg: string;
        use: string;
      },
    })),
  };
}

/** The configuration versions of the named workspaces; those that are gone are missing from the answer. */
export async function loadConfigVersions(
  knex: Knex,
  scopes: readonly WorkspaceScope[],
): Promise<Map<string, number>> {
  return withClient(knex, async (client) => {
    const { rows } = await client.query<{ key: string; config_version: number }>({
      name: 'workspace-versions',
      text: `SELECT w.tenant_id || '/' || w.workspace_id AS key, w.config_version
               FROM workspaces w JOIN unnest($1::text[], $2::text[]) AS k(tenant_id, workspace_id)
                 ON w.tenant_id = k.tenant_id AND w.workspace_id = k.workspace_id`,
      values: [scopes.map((x) => x.tenantId), scopes.map((x) => x.workspaceId)],
    });
    return new Map(rows.map((row) => [row.key, row.config_version]));
  });
}
