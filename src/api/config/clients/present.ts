import { applicationKindOf } from '../../../clients/client.ts';
import type { CreatedClient } from '../../../clients/client_service.ts';
import { formatDuration } from '../../../duration.ts';
import type { Answer } from '../../route.ts';
import { presentRequiredGroups } from '../required_groups.ts';

/** A client as it leaves: without its secret, unless this is the answer that set it. */
export function presentClient(client: CreatedClient): object {
  return {
    client_id: client.id,
    ...(client.clientSecret === undefined ? {} : { client_secret: client.clientSecret }),
    tenant_id: client.tenantId,
    authorization_server_id: client.workspaceId,
    client_name: client.clientName,
    description: client.description,
    client_status: client.clientStatus,
    client_type: 'oauth2',
    application_type: client.applicationType,
    application_types: [applicationKindOf(client)],
    redirect_uris: client.redirectUris,
    post_logout_redirect_uris: client.postLogoutRedirectUris,
    grant_types: client.grantTypes,
    response_types: client.responseTypes,
    scopes: client.scopes,
    scope: client.scopes.join(' '),
    audience: client.audience,
    token_endpoint_auth_method: client.tokenEndpointAuthMethod,
    trusted: client.trusted,
    enforce_pkce: client.enforcePkce,
    required_groups: presentRequiredGroups(client.requiredGroups),
    subject_type: 'public',
    dpop_bound_access_tokens: false,
    use_custom_token_ttls: false,
    userinfo_signed_response_alg: 'none',
    default_acr_values: [],
    ...client.settings,
    token_ttls: Object.fromEntries(
      Object.entries(client.settings.token_ttls ?? {}).map(([name, seconds]) => [
        name,
        formatDuration(seconds),
      ]),
    ),
    rotated_secrets: client.rotatedSecrets.map(({ rotatedAt, revokeAt }) => ({
      rotated_at: new Date(rotatedAt),
      ...(revokeAt === null ? {} : { revoke_at: new Date(revokeAt) }),
    })),
    metadata: client.metadata,
    system: client.system,
    client_id_issued_at: Math.floor(client.createdAt.getTime() / 1000),
    client_secret_expires_at: 0,
    created_at: client.createdAt,
    updated_at: client.updatedAt,
  };
}

export const answerClient = (client: CreatedClient): Answer => ({
  body: presentClient(client),
  version: client.rowVersion,
});
