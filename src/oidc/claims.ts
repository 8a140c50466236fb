import type { Account } from '../users/account.ts';
import type { ConnectedPool, WorkspaceSnapshot } from '../workspaces/snapshot.ts';

/** Which scope carries which claims (OIDC Core §5.4; `groups` and those of `openid` but `sub` are ours). */
export const CLAIMS_BY_SCOPE = {
  openid: ['sub', 'auth_time', 'acr', 'amr', 'tid', 'aid', 'idp', 'idp_method'],
  profile: ['name', 'given_name', 'family_name', 'updated_at'],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  groups: ['groups'],
} as const;

/** Scopes that a workspace's issuer understands by itself. */
export const OIDC_SCOPES = ['openid', 'offline_access', 'profile', 'email', 'phone', 'groups'] as const;

/**
 * Everything the claims of one person may say; the library cuts it down to what was asked and granted.
 * `sub` is the user id: the same in every workspace of the tenant (contract 8, row 20).
 */
export function claimsOf(
  account: Account,
  snapshot: WorkspaceSnapshot,
  connection: ConnectedPool,
): Record<string, unknown> & { sub: string } {
  const email = account.addresses.find((address) => address.type === 'email');
  const mobile = account.addresses.find((address) => address.type === 'mobile');
  const { name, given_name, family_name } = account.payload;
  return {
    sub: account.userId,
    tid: snapshot.tenantId,
    aid: snapshot.workspaceId,
    idp: connection.connectionId,
    idp_method: 'identity_pool',
    name,
    given_name,
    family_name,
    updated_at: account.updatedAt,
    email: email?.address,
    email_verified: email?.verified,
    phone_number: mobile?.address,
    phone_number_verified: mobile?.verified,
    groups: account.groups,
  };
}
