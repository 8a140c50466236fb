import type { Knex } from 'knex';
import { withClient } from '../db/connection.ts';
import type { ClientRegistration } from './registration.ts';
import { ROTATED_SECRETS } from './rotated_secrets_store.ts';

type Row = {
  client_id: string;
  client_name: string;
  client_status: string;
  application_type: 'web' | 'native';
  token_endpoint_auth_method: string;
  secret_hash: string | null;
  secret_sealed: string | null;
  rotated_secrets: ClientRegistration['rotatedSecrets'];
  redirect_uris: string[];
  post_logout_redirect_uris: string[];
  grant_types: string[];
  response_types: string[];
  scopes: string[];
  audience: string[];
  trusted: boolean;
  enforce_pkce: boolean;
  required_groups: ClientRegistration['requiredGroups'];
  settings: Record<string, unknown>;
};

/** Reads a client of one workspace, inactive ones included; `undefined` when the workspace has no such client. */
export async function loadRegistration(
  knex: Knex,
  scope: { tenantId: string; workspaceId: string },
  clientId: string,
): Promise<ClientRegistration | undefined> {
  return withClient(knex, async (client) => {
    const { rows } = await client.query<Row>({
      name: 'client-registration',
      text: `SELECT client_id, client_name, client_status, application_type, token_endpoint_auth_method, secret_hash,
                    secret_sealed, redirect_uris, post_logout_redirect_uris, grant_types, response_types, scopes,
                    audience, trusted, enforce_pkce, required_groups, settings, ${ROTATED_SECRETS} AS rotated_secrets
               FROM clients c WHERE tenant_id = $1 AND workspace_id = $2 AND client_id = $3`,
      values: [scope.tenantId, scope.workspaceId, clientId],
    });
    const row = rows[0];
    return (
      row && {
        clientId: row.client_id,
        clientName: row.client_name,
        active: row.client_status === 'active',
        applicationType: row.application_type,
        tokenEndpointAuthMethod: row.token_endpoint_auth_method,
        secretHash: row.secret_hash ?? undefined,
        secretSealed: row.secret_sealed ?? undefined,
        rotatedSecrets: row.rotated_secrets,
        redirectUris: row.redirect_uris,
        postLogoutRedirectUris: row.post_logout_redirect_uris,
        grantTypes: row.grant_types,
        responseTypes: row.response_types,
        scopes: row.scopes,
        audience: row.audience,
        trusted: row.trusted,
        enforcePkce: row.enforce_pkce,
        requiredGroups: row.required_groups,
        settings: row.settings,
      }
    );
  });
}
