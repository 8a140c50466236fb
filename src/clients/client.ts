import { createPublicKey, type JsonWebKey } from 'node:crypto';
import type { Choices } from '../choices.ts';
import { refuseAny, type Issue } from '../domain_error.ts';
import { freeMapIssues, type FreeMap } from '../free_map.ts';
import { type RequiredGroup, requiredGroupIssues } from '../access/required_groups.ts';
import { isOnEveryObject } from '../tenants/slug.ts';
import type { SigningAlg } from '../workspaces/signing_key.ts';
import { GRANT_TYPES, type GrantType, type Workspace } from '../workspaces/workspace.ts';
import type { RotatedSecretNote } from './rotated_secrets.ts';
import { subjectIssues } from './subject_type.ts';
import { type TokenTtls, tokenTtlIssues, type WorkspaceLifetimes } from './token_ttls.ts';
import { pageUriIssues, redirectUriProblem } from './uris.ts';

export type ClientScope = { readonly tenantId: string; readonly clientId: string };

export const AUTH_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'none',
] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** Registered metadata in the names of RFC 7591 and OpenID Connect; absent where not chosen. */
export type ClientMetadata = {
  readonly jwks?: { readonly keys: readonly JsonWebKey[] };
  readonly jwks_uri?: string;
  readonly token_endpoint_auth_signing_alg?: SigningAlg | 'HS256';
  readonly id_token_signed_response_alg?: SigningAlg;
  readonly userinfo_signed_response_alg?: SigningAlg;
  /** Absent: public, the same `sub` for every application. */
  readonly subject_type?: 'pairwise';
  readonly sector_identifier_uri?: string;
  readonly dpop_bound_access_tokens?: boolean;
  /** Whether `token_ttls` takes the place of the workspace's lifetimes. */
  readonly use_custom_token_ttls?: boolean;
  readonly token_ttls?: TokenTtls;
  readonly backchannel_logout_uri?: string;
  readonly backchannel_logout_session_required?: boolean;
  readonly require_pushed_authorization_requests?: boolean;
  readonly logo_uri?: string;
  readonly client_uri?: string;
  readonly policy_uri?: string;
  readonly tos_uri?: string;
  readonly app_url?: string;
};

/** What an administrator decides about a client (contract 1.15). */
export type ClientSettings = {
  readonly clientName: string;
  readonly description: string;
  readonly clientStatus: 'active' | 'inactive';
  readonly applicationType: 'web' | 'native';
  readonly tokenEndpointAuthMethod: AuthMethod;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly grantTypes: readonly GrantType[];
  readonly responseTypes: readonly 'code'[];
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  /** Trusted clients ask people for no consent. */
  readonly trusted: boolean;
  /** False exempts a confidential client from PKCE; a public one never is. */
  readonly enforcePkce: boolean;
  /** Whoever is in none of these may not use it; none: everybody may. */
  readonly requiredGroups: readonly RequiredGroup[];
  readonly settings: ClientMetadata;
  readonly metadata: FreeMap;
};

export type Client = ClientSettings & {
  readonly tenantId: string;
  readonly id: string;
  readonly workspaceId: string;
  readonly system: boolean;
  /** Earlier secrets that still work, the newest first. */
  readonly rotatedSecrets: readonly RotatedSecretNote[];
  readonly rowVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

export const APPLICATION_KINDS = ['single_page', 'server_web', 'mobile_desktop', 'service'] as const;
export type ApplicationKind = (typeof APPLICATION_KINDS)[number];

/** What kind of application a client's settings make it. */
export function applicationKindOf({
  applicationType,
  tokenEndpointAuthMethod,
  grantTypes,
}: ClientSettings): ApplicationKind {
  if (applicationType === 'native') return 'mobile_desktop';
  if (!grantTypes.includes('authorization_code')) return 'service';
  return tokenEndpointAuthMethod === 'none' ? 'single_page' : 'server_web';
}

/** What may be asked for when a client that signs people in registers no scopes of its own. */
const DEFAULT_SCOPES: readonly string[] = ['openid', 'profile', 'email', 'phone', 'groups', 'offline_access'];

/** The settings with what the caller left out filled in. `grant_types` decides most of the rest. */
export function resolveClientSettings(input: Choices<ClientSettings>, defaultName: string): ClientSettings {
  const grantTypes = input.grantTypes ?? ['authorization_code'];
  const signsPeopleIn = grantTypes.includes('authorization_code');
  return {
    clientName: input.clientName ?? defaultName,
    description: input.description ?? '',
    clientStatus: input.clientStatus ?? 'active',
    applicationType: input.applicationType ?? 'web',
    tokenEndpointAuthMethod: input.tokenEndpointAuthMethod ?? 'client_secret_basic',
    redirectUris: input.redirectUris ?? [],
    postLogoutRedirectUris: input.postLogoutRedirectUris ?? [],
    grantTypes,
    responseTypes: input.responseTypes ?? (signsPeopleIn ? ['code'] : []),
    scopes: input.scopes ?? (signsPeopleIn ? DEFAULT_SCOPES : []),
    audience: input.audience ?? [],
    trusted: input.trusted ?? false,
    enforcePkce: input.enforcePkce ?? true,
    requiredGroups: input.requiredGroups ?? [],
    settings: input.settings ?? {},
    metadata: input.metadata ?? {},
  };
}

/**
 * Whether a change takes from a client: its trust, or an entry of what it may ask for, whom it may call, how it
 * gets tokens or where people are sent. What was granted before was granted to a client that had more.
 */
export function isRestricted(before: ClientSettings, after: ClientSettings): boolean {
  const lost = (list: 'scopes' | 'audience' | 'grantTypes' | 'redirectUris') => {
    const kept: readonly string[] = after[list];
    return before[list].some((entry) => !kept.includes(entry));
  };
  const lists = ['scopes', 'audience', 'grantTypes', 'redirectUris'] as const;
  return (before.trusted && !after.trusted) || lists.some(lost);
}

// RFC 6749 §3.3.
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;

/** What the workspace says that its clients must fit. */
export type ClientCeiling = Pick<Workspace, 'grantTypes' | 'subjectIdentifierTypes'> & WorkspaceLifetimes;

/** Refuses a client that could not work, or could be abused, in the workspace; names every reason. */
export function checkClientSettings(client: ClientSettings, workspace: ClientCeiling): void {
  const { settings } = client;
  refuseAny([
    ...grantIssues(client, workspace),
    ...subjectIssues(client, workspace),
    ...(settings.use_custom_token_ttls ? tokenTtlIssues(settings.token_ttls ?? {}, workspace) : []),
    ...authenticationIssues(client),
    ...uriIssues(client),
    ...(client.scopes.every((scope) => SCOPE.test(scope) && !isOnEveryObject(scope))
      ? []
      : [{ pointer: '/scopes', message: 'must be scope names without spaces, and no reserved words' }]),
    ...(client.audience.some(isOnEveryObject)
      ? [{ pointer: '/audience', message: 'must not be a reserved word' }]
      : []),
    ...requiredGroupIssues(client.requiredGroups),
    ...freeMapIssues('/metadata', client.metadata),
  ]);
}

function grantIssues(client: ClientSettings, workspace: Pick<Workspace, 'grantTypes'>): Issue[] {
  const issues: Issue[] = [];
  const { grantTypes, responseTypes, redirectUris } = client;
  const code = grantTypes.includes('authorization_code');
  const closed = grantTypes.filter((grant) => !workspace.grantTypes.includes(grant));
  if (grantTypes.length === 0) {
    issues.push({ pointer: '/grant_types', message: `must name at least one of ${GRANT_TYPES.join(', ')}` });
  }
  if (closed.length > 0) {
    issues.push({ pointer: '/grant_types', message: `the workspace does not offer ${closed.join(', ')}` });
  }
  if (code !== responseTypes.includes('code')) {
    issues.push({
      pointer: '/response_types',
      message: 'response type code and grant type authorization_code need each other',
    });
  }
  if (grantTypes.includes('refresh_token') && !code) {
    issues.push({ pointer: '/grant_types', message: 'refresh_token needs authorization_code beside it' });
  }
  if (code && redirectUris.length === 0) {
    issues.push({ pointer: '/redirect_uris', message: 'authorization_code needs at least one redirect URI' });
  }
  if (grantTypes.includes('client_credentials') && client.tokenEndpointAuthMethod === 'none') {
    issues.push({ pointer: '/grant_types', message: 'client_credentials needs a client that authenticates' });
  }
  return issues;
}

function authenticationIssues({ tokenEndpointAuthMethod, enforcePkce, settings }: ClientSettings): Issue[] {
  const issues: Issue[] = [];
  if (tokenEndpointAuthMethod === 'none' && !enforcePkce) {
    issues.push({ pointer: '/enforce_pkce', message: 'a public client cannot be exempted from PKCE' });
  }
  const { jwks, jwks_uri: jwksUri, token_endpoint_auth_signing_alg: alg } = settings;
  if (jwks !== undefined && jwksUri !== undefined) {
    issues.push({ pointer: '/jwks', message: 'give either jwks or jwks_uri' });
  }
  if (tokenEndpointAuthMethod === 'private_key_jwt' && jwks === undefined && jwksUri === undefined) {
    issues.push({ pointer: '/jwks', message: 'private_key_jwt needs jwks or jwks_uri' });
  }
  if (jwks !== undefined && !jwks.keys.every(isPublicKey)) {
    issues.push({ pointer: '/jwks', message: 'must hold public RSA, EC or Ed25519 keys only' });
  }
  if (alg !== undefined) {
    const fits =
      (tokenEndpointAuthMethod === 'private_key_jwt' && alg !== 'HS256') ||
      (tokenEndpointAuthMethod === 'client_secret_jwt' && alg === 'HS256');
    if (!fits) {
      issues.push({
        pointer: '/token_endpoint_auth_signing_alg',
        message:
          'does not fit token_endpoint_auth_method: HS256 for client_secret_jwt, the others for private_key_jwt',
      });
    }
  }
  return issues;
}

function uriIssues(client: ClientSettings): Issue[] {
  const { settings } = client;
  const lists = [
    ['/redirect_uris', client.redirectUris],
    ['/post_logout_redirect_uris', client.postLogoutRedirectUris],
  ] as const;
  return [
    ...lists.flatMap(([pointer, uris]) =>
      uris.flatMap((uri, index) => {
        const message = redirectUriProblem(uri, client.applicationType);
        return message === undefined ? [] : [{ pointer: `${pointer}/${index}`, message }];
      }),
    ),
    ...pageUriIssues('/jwks_uri', settings.jwks_uri),
    ...pageUriIssues('/backchannel_logout_uri', settings.backchannel_logout_uri),
    ...pageUriIssues('/logo_uri', settings.logo_uri),
    ...pageUriIssues('/client_uri', settings.client_uri),
    ...pageUriIssues('/policy_uri', settings.policy_uri),
    ...pageUriIssues('/tos_uri', settings.tos_uri),
    ...pageUriIssues('/app_url', settings.app_url),
  ];
}

function isPublicKey(jwk: JsonWebKey): boolean {
  const isKnown = jwk.kty === 'RSA' || jwk.kty === 'EC' || (jwk.kty === 'OKP' && jwk.crv === 'Ed25519');
  if (!isKnown || 'd' in jwk || 'k' in jwk) return false;
  try {
    createPublicKey({ key: jwk, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}
