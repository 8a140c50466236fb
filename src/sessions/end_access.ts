import type { Knex } from 'knex';

/** Whose access ends. The narrowest scope that fits is the right one. */
export type AccessScope =
  | { readonly tenantId: string; readonly userId: string }
  | { readonly tenantId: string; readonly poolId: string }
  | { readonly tenantId: string; readonly workspaceId: string }
  | { readonly tenantId: string; readonly workspaceId: string; readonly clientId: string }
  | { readonly tenantId: string; readonly workspaceId: string; readonly poolId: string };

/** Why, for the audit trail of the caller. */
export type EndAccessReason =
  | 'user_left_active'
  | 'user_deleted'
  | 'password_reset'
  | 'connection_disabled'
  | 'connection_deleted'
  | 'client_disabled'
  | 'client_restricted'
  | 'client_deleted'
  | 'pool_deleted'
  | 'workspace_deleted'
  | 'revoked_by_administrator';

/**
 * Ends access: sessions, grants, refresh and opaque tokens, codes and pending interactions of the scope, in the
 * caller's transaction. The one function that does it, so that no path forgets an artefact.
 *
 * Grants are revoked rather than deleted: the tombstone also kills what another request is issuing under
 * them at this moment (design 4.1). JWT access tokens live on until they expire; they are never stored.
 */
export async function endAccess(
  tx: Knex.Transaction,
  scope: AccessScope,
  _reason: EndAccessReason,
): Promise<void> {
  const { accounts, values } = selection(scope);
  // Tombstones first: from here on nothing issued under these grants is accepted any more.
  await tx.raw(`UPDATE grants a SET revoked_at = now() WHERE ${accounts} AND revoked_at IS NULL`, values);
  await tx.raw(`DELETE FROM tokens a WHERE ${accounts}`, values);
  await tx.raw(`DELETE FROM flow_state a WHERE ${accounts}`, values);
  // A session serves every client of its workspace: one client's end is no reason to sign people out.
  if (!('clientId' in scope)) await tx.raw(`DELETE FROM sessions a WHERE ${accounts}`, values);
}

function selection(scope: AccessScope): { accounts: string; values: Record<string, string> } {
  const inPool = `EXISTS (SELECT FROM users u WHERE u.tenant_id = a.tenant_id AND u.user_id = a.account_id
                             AND u.pool_id = :poolId)`;
  if ('userId' in scope) {
    return { accounts: 'a.tenant_id = :tenantId AND a.account_id = :userId', values: { ...scope } };
  }
  if ('clientId' in scope) {
    return {
      accounts: 'a.tenant_id = :tenantId AND a.workspace_id = :workspaceId AND a.client_id = :clientId',
      values: { ...scope },
    };
  }
  if ('workspaceId' in scope && 'poolId' in scope) {
    return {
      accounts: `a.tenant_id = :tenantId AND a.workspace_id = :workspaceId AND ${inPool}`,
      values: { ...scope },
    };
  }
  if ('poolId' in scope) return { accounts: `a.tenant_id = :tenantId AND ${inPool}`, values: { ...scope } };
  return { accounts: 'a.tenant_id = :tenantId AND a.workspace_id = :workspaceId', values: { ...scope } };
}
