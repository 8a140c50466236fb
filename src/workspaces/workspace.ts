import { contextAttributeIssues, type Attribute } from '../claims/mapping.ts';
import { pageUriIssues } from '../clients/uris.ts';
import { refuseAny, type Issue } from '../domain_error.ts';
import { freeMapIssues, type FreeMap } from '../free_map.ts';
import { MECHANISMS, type Mechanism } from '../pools/pool.ts';
import type { KeyType } from './signing_key.ts';

export const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials'] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

export const PROFILES = ['default', 'demo', 'workforce', 'consumer', 'partners'] as const;

export const SUBJECT_IDENTIFIER_TYPES = ['public', 'pairwise'] as const;
export type SubjectIdentifierType = (typeof SUBJECT_IDENTIFIER_TYPES)[number];

/** Names of the contract for what `sub` is made of; here it is the person's id in either (contract 8, row 20). */
export const SUBJECT_FORMATS = ['hash', 'legacy'] as const;

/** `scope`, one text (RFC 9068), and `scp`, a list. */
export const SCOPE_CLAIM_FORMATS = ['scope_space_separated', 'scp_array'] as const;
export type ScopeClaimFormat = (typeof SCOPE_CLAIM_FORMATS)[number];

/** Whether one sign-in serves several applications, and for how long. */
export type SsoSettings = {
  /** False: every application asks for a sign-in of its own, each time. */
  readonly enabled: boolean;
  /** From the sign-in to the end, however busy; absent: a day, or `cookie_max_age` where that is longer. */
  readonly maxAgeSeconds?: number | undefined;
  /** Without any use; absent: `cookie_max_age`. */
  readonly maxIdleSeconds?: number | undefined;
};

/** What an administrator decides about a workspace, as far as it decides something today (contract 1.2). */
export type WorkspaceSettings = {
  readonly name: string;
  readonly description: string;
  readonly color: string;
  readonly logoUri: string;
  readonly profile: (typeof PROFILES)[number];
  readonly grantTypes: readonly GrantType[];
  /** The ceiling on what the connected pools may use to sign people in here. */
  readonly authenticationMechanisms: readonly Mechanism[];
  readonly authorizationCodeTtlSeconds: number;
  readonly accessTokenTtlSeconds: number;
  readonly idTokenTtlSeconds: number;
  readonly refreshTokenTtlSeconds: number;
  readonly parTtlSeconds: number;
  readonly sessionTtlSeconds: number;
  /** How long a repeated use of a public client's refresh token gets a successor instead of ending the grant. */
  readonly refreshTokenLeewaySeconds: number;
  readonly requirePushedAuthorizationRequests: boolean;
  readonly enforcePkce: boolean;
  readonly enforcePkceForPublicClients: boolean;
  readonly rotateConfidentialRefreshTokens: boolean;
  /** The form of tokens for the workspace's own API; registered APIs decide for themselves. */
  readonly accessTokenStrategy: 'jwt' | 'opaque';
  /** What clients may choose `sub` to be. */
  readonly subjectIdentifierTypes: readonly SubjectIdentifierType[];
  /** Kept for who asks, and decides nothing. */
  readonly subjectFormat: (typeof SUBJECT_FORMATS)[number];
  /** How signed access tokens for applications' APIs name their scopes. */
  readonly scopeClaimFormats: readonly ScopeClaimFormat[];
  readonly sso: SsoSettings;
  /** People type their name before they choose among the connections (contract 7.3). */
  readonly idpDiscovery: boolean;
  /** What the authentication context is declared to hold; none: the predefined attributes. */
  readonly contextAttributes: readonly Attribute[];
  /** One's own page for signing in, and for consent, in the place of ours; '' for none (contract 4). */
  readonly customLoginUrl: string;
  readonly customConsentUrl: string;
  readonly metadata: FreeMap;
};

export type WorkspaceType = 'admin' | 'developer' | 'system' | 'regular' | 'organization';

export type Workspace = WorkspaceSettings & {
  readonly tenantId: string;
  readonly id: string;
  readonly type: WorkspaceType;
  /** Decides what signs ID tokens unless a client says otherwise; fixed at creation. */
  readonly keyType: KeyType;
  readonly rowVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** No signed token lives longer, whatever is chosen: the keys that sign them stay published for so long. */
export const LONGEST_TOKEN_SECONDS = DAY;

export const WORKSPACE_DEFAULTS: Omit<WorkspaceSettings, 'name'> = {
  description: '',
  color: '',
  logoUri: '',
  profile: 'default',
  grantTypes: GRANT_TYPES,
  authenticationMechanisms: MECHANISMS,
  // RFC 6749 §4.1.2 allows ten minutes; a browser needs seconds.
  authorizationCodeTtlSeconds: MINUTE,
  accessTokenTtlSeconds: HOUR,
  idTokenTtlSeconds: HOUR,
  refreshTokenTtlSeconds: 30 * DAY,
  parTtlSeconds: MINUTE,
  sessionTtlSeconds: 12 * HOUR,
  // A second tab or a lost answer within this time signs nobody out.
  refreshTokenLeewaySeconds: 10,
  requirePushedAuthorizationRequests: false,
  enforcePkce: true,
  enforcePkceForPublicClients: true,
  rotateConfidentialRefreshTokens: false,
  accessTokenStrategy: 'jwt',
  subjectIdentifierTypes: ['public'],
  subjectFormat: 'hash',
  scopeClaimFormats: ['scope_space_separated'],
  sso: { enabled: true },
  idpDiscovery: false,
  contextAttributes: [],
  customLoginUrl: '',
  customConsentUrl: '',
  metadata: {},
};

/** The shortest and the longest life of what tokens are got with and are, of a workspace as of a client. */
export const TOKEN_LIFETIMES = [
  ['authorization_code_ttl', 10, 10 * MINUTE],
  ['access_token_ttl', MINUTE, LONGEST_TOKEN_SECONDS],
  ['id_token_ttl', MINUTE, LONGEST_TOKEN_SECONDS],
  ['refresh_token_ttl', 5 * MINUTE, 366 * DAY],
] as const;
const [CODE, ACCESS, ID, REFRESH] = TOKEN_LIFETIMES;

const LIFETIMES = [
  ['authorizationCodeTtlSeconds', '/authorization_code_ttl', CODE[1], CODE[2]],
  ['accessTokenTtlSeconds', '/access_token_ttl', ACCESS[1], ACCESS[2]],
  ['idTokenTtlSeconds', '/id_token_ttl', ID[1], ID[2]],
  ['refreshTokenTtlSeconds', '/refresh_token_ttl', REFRESH[1], REFRESH[2]],
  // A pushed request carries an end of its own inside, a minute after it was made.
  ['parTtlSeconds', '/pushed_authorization_request_ttl', 10, MINUTE],
  ['sessionTtlSeconds', '/cookie_max_age', 5 * MINUTE, 366 * DAY],
  ['refreshTokenLeewaySeconds', '/refresh_token_leeway', 0, MINUTE],
] as const satisfies readonly (readonly [keyof WorkspaceSettings, string, number, number])[];

/** Refuses settings that no workspace may have, naming every one of them. */
export function checkWorkspaceSettings(workspace: WorkspaceSettings): void {
  const issues: Issue[] = LIFETIMES.filter(
    ([property, , least, most]) => workspace[property] < least || workspace[property] > most,
  ).map(([, pointer, least, most]) => ({ pointer, message: `must be from ${least}s to ${most}s` }));
  if (
    workspace.grantTypes.includes('refresh_token') &&
    !workspace.grantTypes.includes('authorization_code')
  ) {
    issues.push({ pointer: '/grant_types', message: 'refresh_token needs authorization_code beside it' });
  }
  if (!workspace.enforcePkceForPublicClients) {
    issues.push({
      pointer: '/enforce_pkce_for_public_clients',
      message: 'must be true: without a secret, PKCE is all that binds a code to its client',
    });
  }
  if (workspace.refreshTokenTtlSeconds < workspace.accessTokenTtlSeconds) {
    issues.push(
      { pointer: '/refresh_token_ttl', message: 'must not be shorter than access_token_ttl' },
      { pointer: '/access_token_ttl', message: 'must not be longer than refresh_token_ttl' },
    );
  }
  if (!workspace.subjectIdentifierTypes.includes('public')) {
    issues.push({ pointer: '/subject_identifier_types', message: 'must hold public: clients choose' });
  }
  if (workspace.scopeClaimFormats.length === 0) {
    issues.push({ pointer: '/scope_claim_formats', message: 'must name at least one' });
  }
  issues.push(...ssoIssues(workspace));
  issues.push(
    ...contextAttributeIssues('/authentication_context_settings/attributes', workspace.contextAttributes),
  );
  issues.push(
    ...pageUriIssues('/custom_login_url', workspace.customLoginUrl),
    ...pageUriIssues('/custom_consent_url', workspace.customConsentUrl),
  );
  refuseAny([...issues, ...freeMapIssues('/metadata', workspace.metadata)]);
}

const SSO_LIFETIMES = [
  ['maxAgeSeconds', '/sso/max_age'],
  ['maxIdleSeconds', '/sso/max_idle'],
] as const;
const SHORTEST_SESSION_SECONDS = 5 * MINUTE;

function ssoIssues({ sso, sessionTtlSeconds }: WorkspaceSettings): Issue[] {
  const issues: Issue[] = [];
  for (const [property, pointer] of SSO_LIFETIMES) {
    const seconds = sso[property];
    if (seconds !== undefined && (seconds < SHORTEST_SESSION_SECONDS || seconds > 366 * DAY)) {
      issues.push({ pointer, message: `must be from ${SHORTEST_SESSION_SECONDS}s to ${366 * DAY}s` });
    }
  }
  const { maxAgeSeconds, maxIdleSeconds } = sso;
  if (maxIdleSeconds !== undefined && maxIdleSeconds > sessionTtlSeconds) {
    issues.push(
      { pointer: '/sso/max_idle', message: 'must not be longer than cookie_max_age' },
      { pointer: '/cookie_max_age', message: 'must not be shorter than sso.max_idle' },
    );
  }
  if (maxAgeSeconds !== undefined && maxAgeSeconds < (maxIdleSeconds ?? 0)) {
    issues.push(
      { pointer: '/sso/max_age', message: 'must not be shorter than sso.max_idle' },
      { pointer: '/sso/max_idle', message: 'must not be longer than sso.max_age' },
    );
  }
  return issues;
}

/**
 * Refuses pages of one's own for the built-in workspaces: whoever administers a tenant must be able to, whatever
 * becomes of a page elsewhere.
 */
export function checkOwnPages(type: WorkspaceType, settings: WorkspaceSettings): void {
  if (type !== 'admin' && type !== 'system') return;
  const message = 'must be empty: this workspace is part of the tenant';
  refuseAny([
    ...(settings.customLoginUrl === '' ? [] : [{ pointer: '/custom_login_url', message }]),
    ...(settings.customConsentUrl === '' ? [] : [{ pointer: '/custom_consent_url', message }]),
  ]);
}
