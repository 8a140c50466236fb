import { knownContextAttributes } from '../../../claims/rules_store.ts';
import { formatDuration } from '../../../duration.ts';
import type { Workspace, WorkspaceSettings } from '../../../workspaces/workspace.ts';
import type { Answer } from '../../route.ts';
import { WorkspaceResponse } from './schema.ts';

/** A workspace as it leaves. */
export const presentWorkspace = (workspace: Workspace, publicUrl: string): object => ({
  id: workspace.id,
  tenant_id: workspace.tenantId,
  name: workspace.name,
  type: workspace.type,
  key_type: workspace.keyType,
  issuer_url: `${publicUrl}/${workspace.tenantId}/${workspace.id}`,
  ...presentWorkspaceSettings(workspace),
});

/** What is decided about a workspace, its name apart. */
export function presentWorkspaceSettings(workspace: Omit<WorkspaceSettings, 'name'>): object {
  const { sso } = workspace;
  return {
    description: workspace.description,
    color: workspace.color,
    logo_uri: workspace.logoUri,
    profile: workspace.profile,
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
    subject_identifier_types: workspace.subjectIdentifierTypes,
    subject_format: workspace.subjectFormat,
    scope_claim_formats: workspace.scopeClaimFormats,
    sso: {
      enabled: sso.enabled,
      ...(sso.maxAgeSeconds !== undefined && { max_age: formatDuration(sso.maxAgeSeconds) }),
      ...(sso.maxIdleSeconds !== undefined && { max_idle: formatDuration(sso.maxIdleSeconds) }),
    },
    idp_discovery: { enabled: workspace.idpDiscovery, discovery_mode: 'domain_matching' },
    authentication_context_settings: { attributes: knownContextAttributes(workspace.contextAttributes) },
    custom_login_url: workspace.customLoginUrl,
    custom_consent_url: workspace.customConsentUrl,
    metadata: workspace.metadata,
  };
}

/** The same in short: what it is called and how people get in, nothing of how it issues tokens. */
export function presentWorkspaceInShort(workspace: Workspace, publicUrl: string): object {
  const whole = new Map(Object.entries(presentWorkspace(workspace, publicUrl)));
  return Object.fromEntries(Object.keys(WorkspaceResponse.shape).map((name) => [name, whole.get(name)]));
}

export const answerWorkspace = (workspace: Workspace, publicUrl: string): Answer => ({
  body: presentWorkspace(workspace, publicUrl),
  version: workspace.rowVersion,
});
