import type { Database } from '../db/connection.ts';
import { forbidden } from '../domain_error.ts';
import { roleCarries } from '../roles/permissions.ts';
import type { Principal } from '../roles/principal.ts';
import { readAuthority } from '../roles/authority_store.ts';
import type { Workspace } from './workspace.ts';
import { listWorkspaces } from './workspace_store.ts';

/**
 * The workspaces that the caller's roles let them see, in the order of their ids. Throws `forbidden` for who may
 * see none at all.
 * @param after the workspace that the page begins after.
 */
export async function listVisibleWorkspaces(
  db: Database,
  scope: { readonly tenantId: string },
  principal: Principal,
  page: { readonly limit: number; readonly after?: string | undefined },
): Promise<Workspace[]> {
  const subject =
    principal.kind === 'user'
      ? ({ type: 'identity_pool_user', id: principal.userId ?? '' } as const)
      : ({ type: 'client', id: principal.clientId } as const);
  const { grants } = await readAuthority(db.knex, principal, subject, { type: 'tenant' });
  const seeing = grants.filter(({ level, role }) => roleCarries(level, role, 'get_workspace'));
  if (seeing.length === 0) throw forbidden('This needs a role', 'permission_missing');
  const all = seeing.some(({ level }) => level === 'tenant' || level === 'system');
  const ids = all ? undefined : seeing.filter(({ level }) => level === 'workspace').map(({ id }) => id);
  return listWorkspaces(db.knex, scope, { ids }, page);
}
