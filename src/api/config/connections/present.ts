import type { Mapping } from '../../../claims/mapping.ts';
import { knownMappings } from '../../../claims/rules_store.ts';
import type { Connection } from '../../../connections/connection.ts';
import type { Answer } from '../../route.ts';

/** A connection as it leaves. */
export function presentConnection(connection: Connection): object {
  const { config, discoverySettings, ssoSettings } = connection;
  return {
    id: connection.id,
    tenant_id: connection.tenantId,
    workspace_id: connection.workspaceId,
    authorization_server_id: connection.workspaceId,
    identity_pool_id: connection.poolId,
    method: 'identity_pool',
    version: 3,
    name: connection.name,
    disabled: connection.disabled,
    hidden: connection.hidden,
    display_order: connection.displayOrder,
    logo_uri: connection.logoUri,
    static_amr: connection.staticAmr,
    config: { reload_claims_at_refresh_token: config.reloadClaimsAtRefreshToken },
    discovery_settings: {
      domains: discoverySettings.domains,
      instant_redirect: discoverySettings.instantRedirect,
      identifier_based_matching: discoverySettings.identifierBasedMatching,
      fallback_provider: discoverySettings.fallbackProvider,
    },
    sso_settings: { disabled: ssoSettings.disabled },
    attributes: connection.attributes,
    mappings: knownMappings(connection.mappings).map(presentMapping),
  };
}

export const presentMapping = ({ mode, source, target, type, static: value }: Mapping): object =>
  mode === 'static' ? { mode, target, type, static: value } : { mode, source, target, type };

export const answerConnection = (connection: Connection): Answer => ({
  body: presentConnection(connection),
  version: connection.rowVersion,
});
