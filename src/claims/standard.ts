/** Scopes that a workspace's issuer understands by itself. */
export const OIDC_SCOPES = ['openid', 'offline_access', 'profile', 'email', 'phone', 'groups'] as const;

/** What an application may do for a person at the self API. Only for clients that register them. */
export const SELF_SCOPES = [
  'view_ss_profile',
  'manage_ss_profile',
  'view_sessions',
  'manage_sessions',
  'manage_tokens',
] as const;

export type SelfScope = (typeof SELF_SCOPES)[number];

/** Which scope carries which claims (OIDC Core §5.4; `groups` and those of `openid` but `sub` are ours). */
export const CLAIMS_BY_SCOPE = {
  openid: ['sub', 'auth_time', 'acr', 'amr', 'tid', 'aid', 'idp', 'idp_method'],
  profile: ['name', 'given_name', 'family_name', 'updated_at'],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  groups: ['groups'],
} as const;

/**
 * What protocols and this server say, and programs decide by (RFC 7519 §4.1, OIDC Core §2 and §3.1.3.6,
 * RFC 7662 §2.2, RFC 7800, RFC 8693 §4, RFC 9068 §2.2, RFC 9396, OIDC logout): no rule may speak in their name.
 */
const PROTOCOL_CLAIMS: ReadonlySet<string> = new Set(
  [
    'iss sub aud exp nbf iat jti nonce auth_time acr amr azp at_hash c_hash s_hash sid sub_jwk sub_id',
    'client_id scope scp active username token_type cnf act may_act jkt x5t#S256 authorization_details',
    'events toe txn _claim_names _claim_sources verified_claims',
    'tid aid idp idp_sub idp_method tenant_id server_id sub_type updated_at',
  ].flatMap((names) => names.split(' ')),
);

export const isProtocolClaim = (name: string): boolean => PROTOCOL_CLAIMS.has(name);
