/** Who makes a request, as proven by an access token. Authority comes from roles and scopes, never from this alone. */
export type Principal = {
  readonly kind: 'client' | 'user';
  readonly tenantId: string;
  /** The workspace that issued the token. */
  readonly workspaceId: string;
  readonly clientId: string;
  /** Whether it is an application of the house, to which nobody is asked to consent. */
  readonly trusted?: boolean;
  /** Set for `kind: 'user'` (the token's `sub`). */
  readonly userId?: string;
  readonly poolId?: string;
  readonly scopes: ReadonlySet<string>;
  /** When the person last proved who they are, seconds since the epoch. */
  readonly authTime?: number;
  /** What the token was issued under; unknown of a token that is not stored. */
  readonly grantId?: string;
  readonly sessionUid?: string;
};

/**
 * Proves a bearer token against one workspace.
 *
 * Takes the tenant and workspace that must have issued it, and the token as it came. Gives the principal, or
 * `undefined` for a token that is malformed, unknown, expired, revoked, of another workspace, of another kind
 * (an ID token, a refresh token), for another audience, or whose client, user or workspace may no longer act.
 */
export type TokenVerifier = (
  tenantId: string,
  workspaceId: string,
  token: string,
) => Promise<Principal | undefined>;
