import type { Account } from '../users/account.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';
import type { Document } from './path.ts';

/** What the ID token and userinfo say of everybody besides `sub` (contract 4). */
export const aboutPerson = (
  scope: WorkspaceScope,
  connectionId: string,
  account: Account,
  scopes: ReadonlySet<string>,
) => ({
  tid: scope.tenantId,
  aid: scope.workspaceId,
  idp: connectionId,
  idp_method: 'identity_pool',
  // OIDC Core §5.4
  ...(scopes.has('profile') ? { updated_at: account.updatedAt } : {}),
});

/** What every access token says of where it was issued, and whom its `sub` names (RFC 9068 §5). */
export const aboutIssue = (scope: WorkspaceScope, subject: 'user' | 'client'): Document => ({
  tenant_id: scope.tenantId,
  server_id: scope.workspaceId,
  sub_type: subject,
});
