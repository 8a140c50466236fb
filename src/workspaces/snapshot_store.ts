import type { JsonWebKey } from 'node:crypto';
import type { Knex } from 'knex';
import { apisDocument, scopesDocument } from '../access/access_rules_store.ts';
import { overlay } from '../branding/brand.ts';
import { ownTextsDocument } from '../branding/own_texts_store.ts';
import { brandOfTenant, type TenantStyling } from '../branding/tenant_styling.ts';
import { claimsDocument, knownContextAttributes, knownMappings } from '../claims/rules_store.ts';
import { isSeldomRead } from '../claims/sources.ts';
import { CONNECTION_DEFAULTS } from '../connections/connection.ts';
import { withClient } from '../db/connection.ts';
import { parseDuration } from '../duration.ts';
import { offeredLanguages } from '../i18n/offered_languages.ts';
import { chosenLimitsDocument } from '../security/attempt_limits_store.ts';
import type { TenantSettings } from '../tenants/tenant.ts';
import type { WorkspaceScope } from './config_change.ts';
import type { ConnectedPool, WorkspaceKey, WorkspaceSnapshot } from './snapshot.ts';
import type { Workspace } from './workspace.ts';

/** Sessions end a day after the last sign-in at the latest, or after their idle life where that is longer. */
const ABSOLUTE_SESSION_SECONDS = 24 * 60 * 60;

type SealedKey = Omit<WorkspaceKey, 'jwk'> & { readonly sealed: string };

/** As it is read; the rest is worked out. */
type StoredConnection = Omit<ConnectedPool, 'discovery' | 'pool'> & {
  readonly discovery: Partial<ConnectedPool['discovery']>;
  readonly pool: Omit<ConnectedPool['pool'], 'rememberedSeconds'> & { readonly rememberedFor: string | null };
};

type Row = {
  config_version: number;
  tenant_name: string;
  tenant_styling: TenantStyling;
  tenant_settings: TenantSettings['settings'];
  name: string;
  logo_uri: string;
  branding: WorkspaceSnapshot['branding'];
  texts: WorkspaceSnapshot['texts'];
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
  par_ttl_s: number;
  sso: Workspace['sso'];
  access_token_strategy: WorkspaceSnapshot['accessTokenStrategy'];
  scope_claim_formats: WorkspaceSnapshot['scopeClaimFormats'];
  subject_identifier_types: WorkspaceSnapshot['subjectIdentifierTypes'];
  pairwise_salt: string;
  require_pushed_authorization_requests: boolean;
  enforce_pkce: boolean;
  rotate_confidential_refresh_tokens: boolean;
  custom_login_url: string;
  custom_consent_url: string;
  attempt_limits: WorkspaceSnapshot['attemptLimits'];
  idp_discovery: boolean;
  connections: StoredConnection[];
  claims: WorkspaceSnapshot['claims'];
  context_attributes: WorkspaceSnapshot['contextAttributes'];
  scopes: WorkspaceSnapshot['access']['scopes'];
  apis: WorkspaceSnapshot['access']['apis'];
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
      text: `SELECT w.config_version, t.name AS tenant_name, t.styling AS tenant_styling,
          t.settings AS tenant_settings, w.name, w.logo_uri, w.branding,
          ${ownTextsDocument('w.tenant_id')} AS texts, w.type, w.grant_types, w.key_type,
          w.authentication_mechanisms AS mechanisms, w.authorization_code_ttl_s, w.access_token_ttl_s,
          w.id_token_ttl_s, w.refresh_token_ttl_s, w.refresh_token_leeway_s, w.session_ttl_s, w.par_ttl_s,
          w.sso, w.access_token_strategy, w.scope_claim_formats, w.subject_identifier_types, w.pairwise_salt,
          w.require_pushed_authorization_requests, w.enforce_pkce, w.rotate_confidential_refresh_tokens,
          ${chosenLimitsDocument('w.tenant_id')} AS attempt_limits, w.context_attributes,
          w.custom_login_url, w.custom_consent_url, w.idp_discovery,
          ${claimsDocument('w.tenant_id', 'w.workspace_id')} AS claims,
          ${scopesDocument('w.tenant_id', 'w.workspace_id')} AS scopes,
          ${apisDocument('w.tenant_id', 'w.workspace_id')} AS apis,
          coalesce((SELECT json_agg(json_build_object(
              'connectionId', c.connection_id, 'poolId', c.pool_id, 'name', c.name, 'disabled', c.disabled,
              'hidden', c.hidden, 'displayOrder', c.display_order, 'logoUri', c.logo_uri,
              'staticAmr', c.static_amr, 'mappings', c.mappings,
              'reloadsClaims', coalesce((c.config ->> 'reloadClaimsAtRefreshToken')::boolean, true),
              'discovery', c.discovery_settings,
              'ssoDisabled', coalesce((c.sso_settings ->> 'disabled')::boolean, false), 'pool', json_build_object(
                'name', p.name, 'description', p.description, 'badgeColor', p.badge_color,
                'identifierCaseInsensitive', p.identifier_case_insensitive,
                'hashingMethod', p.password_settings ->> 'hashingMethod',
                'mechanisms', p.authentication_mechanisms,
                'preferred', p.preferred_authentication_mechanism,
                'secondFactors', p.second_factor_authentication_mechanisms,
                'preferredSecondFactor', p.second_factor_preferred_authentication_mechanism,
                'rememberedFor', p.mfa_session_ttl,
                'signInCodeLength', (p.otp_settings #>> '{authentication,length}')::integer,
                'selfReset', (p.reset_credentials_settings ->> 'doNotAllowUsersToSelfResetCredentials')
                  IS DISTINCT FROM 'true',
                'branding', p.branding, 'selfRegistration', p.public_registration_allowed)))
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

function presentConnection(stored: StoredConnection): ConnectedPool {
  const { rememberedFor, ...pool } = stored.pool;
  return {
    ...stored,
    mappings: knownMappings(stored.mappings),
    discovery: { ...CONNECTION_DEFAULTS.discoverySettings, ...stored.discovery },
    pool: { ...pool, rememberedSeconds: parseDuration(rememberedFor ?? '0s') ?? 0 },
  };
}

function present(
  scope: WorkspaceScope,
  row: Row,
  open: (sealed: string, name: string) => string,
): WorkspaceSnapshot {
  const connections = row.connections.map(presentConnection);
  return {
    ...scope,
    configVersion: row.config_version,
    tenantName: row.tenant_name,
    name: row.name,
    logoUri: row.logo_uri,
    branding: overlay(brandOfTenant(row.tenant_styling), row.branding),
    texts: row.texts,
    languages: offeredLanguages(row.tenant_settings.translations),
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
      sessionSeconds: row.sso.maxIdleSeconds ?? row.session_ttl_s,
      absoluteSessionSeconds: row.sso.maxAgeSeconds ?? Math.max(ABSOLUTE_SESSION_SECONDS, row.session_ttl_s),
      // Workspaces of earlier versions may have chosen more than there is.
      pushedRequestSeconds: Math.min(row.par_ttl_s, 60),
    },
    ssoEnabled: row.sso.enabled,
    discoveryEnabled: row.idp_discovery,
    accessTokenStrategy: row.access_token_strategy,
    scopeClaimFormats: row.scope_claim_formats,
    subjectIdentifierTypes: row.subject_identifier_types,
    pairwiseSalt: row.pairwise_salt,
    requirePushedAuthorizationRequests: row.require_pushed_authorization_requests,
    enforcePkce: row.enforce_pkce,
    rotateConfidentialRefreshTokens: row.rotate_confidential_refresh_tokens,
    customLoginUrl: row.custom_login_url,
    customConsentUrl: row.custom_consent_url,
    attemptLimits: row.attempt_limits,
    connections,
    claims: row.claims,
    contextAttributes: knownContextAttributes(row.context_attributes),
    wideAccounts: connections.some(({ mappings }) =>
      mappings.some(({ mode, source }) => mode === 'dynamic' && isSeldomRead(source)),
    ),
    access: { scopes: row.scopes, apis: row.apis },
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
