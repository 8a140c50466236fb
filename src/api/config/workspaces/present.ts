import { formatDuration } from '../../../duration.ts';
import type { Workspace } from '../../../workspaces/workspace.ts';
import type { Answer } from '../../route.ts';

/** A workspace as it leaves. */
export function presentWorkspace(workspace: Workspace, publicUrl: string): object {
  return {
    id: workspace.id,
    tenant_id: workspace.tenantId,
    name: workspace.name,
    description: workspace.description,
    color: workspace.color,
    logo_uri: workspace.logoUri,
    type: workspace.type,
    profile: workspace.profile,
    key_type: workspace.keyType,
    issuer_url: `${publicUrl}/${workspace.tenantId}/${workspace.id}`,
    grant_types: workspace.grantTypes,
    authentication_mechanisms: workspace.authenticationMechanisms,
    authorization_code_ttl: formatDuration(workspace.authorizationCodeTtlSeconds),
    access_token_ttl: formatDuration(workspace.accessTokenTtlSeconds),
    id_token_ttl: formatDuration(workspace.idTokenTtlSeconds),
    refresh_token_ttl: formatDuration(workspace.refreshTokenTtlSeconds),
    pushed_authorization_request_ttl: formatDuration(workspace.parTtlSeconds),
    cookie_max_age: formatDuration(workspace.sessionTtlSeconds),
    refresh_token_leeway: formatDuration(workspace.refreshTokenLeewaySeconds),
    require_pushed_authorization_requests: workspace.requirePushedAuthorizationRequests,
    enforce_pkce: workspace.enforcePkce,
    enforce_pkce_for_public_clients: workspace.enforcePkceForPublicClients,
    rotate_confidential_refresh_tokens: workspace.rotateConfidentialRefreshTokens,
    access_token_strategy: workspace.accessTokenStrategy,
    metadata: workspace.metadata,
  };
}

export const answerWorkspace = (workspace: Workspace, publicUrl: string): Answer => ({
  body: presentWorkspace(workspace, publicUrl),
  version: workspace.rowVersion,
});
