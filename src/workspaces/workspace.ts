import { refuseAny, type Issue } from '../domain_error.ts';
import { freeMapIssues, type FreeMap } from '../free_map.ts';
import { MECHANISMS, type Mechanism } from '../pools/pool.ts';

export const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials'] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

export const PROFILES = ['default', 'demo', 'workforce', 'consumer', 'partners'] as const;

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
  readonly accessTokenStrategy: 'jwt' | 'opaque';
  readonly metadata: FreeMap;
};

export type WorkspaceType = 'admin' | 'developer' | 'system' | 'regular' | 'organization';

export type Workspace = WorkspaceSettings & {
  readonly tenantId: string;
  readonly id: string;
  readonly type: WorkspaceType;
  /** Decides which of the two keys signs ID tokens unless a client says otherwise; fixed at creation. */
  readonly keyType: 'rsa' | 'ecdsa';
  readonly rowVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

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
  accessTokenStrategy: 'opaque',
  metadata: {},
};

const LIFETIMES = [
  ['authorizationCodeTtlSeconds', '/authorization_code_ttl', 10, 10 * MINUTE],
  ['accessTokenTtlSeconds', '/access_token_ttl', MINUTE, DAY],
  ['idTokenTtlSeconds', '/id_token_ttl', MINUTE, DAY],
  ['refreshTokenTtlSeconds', '/refresh_token_ttl', 5 * MINUTE, 366 * DAY],
  ['parTtlSeconds', '/pushed_authorization_request_ttl', 10, 10 * MINUTE],
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
    issues.push({ pointer: '/refresh_token_ttl', message: 'must not be shorter than access_token_ttl' });
  }
  refuseAny([...issues, ...freeMapIssues('/metadata', workspace.metadata)]);
}
