import type { Database } from '../db/connection.ts';
import { forbidden, notFound } from '../domain_error.ts';
import { roleCarries } from '../roles/permissions.ts';
import type { Principal } from '../roles/principal.ts';
import { readAuthority, type AuthorityFacts } from '../roles/authority_store.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';
import { findWorkspace } from '../workspaces/workspace_store.ts';
import type { CountedPool } from './pool.ts';
import { listPools, type PoolReach } from './pool_store.ts';

/**
 * The pools that sign people in to a workspace, or belong to it, as far as the caller's roles let them see. Throws
 * `forbidden` for who may see no pool of the tenant at all, whether or not the workspace exists.
 * @param after the pool that the page begins after.
 */
export async function listVisiblePools(
  db: Database,
  scope: WorkspaceScope,
  principal: Principal,
  page: { readonly limit: number; readonly after?: string | undefined },
): Promise<CountedPool[]> {
  const reach = await readReach(db, principal);
  if (reach === undefined) throw forbidden('This needs a role', 'permission_missing');
  if ((await findWorkspace(db.knex, scope)) === undefined) throw notFound('Workspace');
  return (await listPools(db.knex, scope, { connectedTo: scope.workspaceId, reach }, page)) ?? [];
}

async function readReach(db: Database, principal: Principal): Promise<PoolReach | undefined> {
  const subject =
    principal.kind === 'user'
      ? ({ type: 'identity_pool_user', id: principal.userId ?? '' } as const)
      : ({ type: 'client', id: principal.clientId } as const);
  const { grants } = await readAuthority(db.knex, principal, subject, { type: 'tenant' });
  return reachOf(grants);
}

/** Where the roles let a caller look; undefined: nowhere. */
function reachOf(grants: AuthorityFacts['grants']): PoolReach | undefined {
  const seeing = grants.filter(({ level, role }) => roleCarries(level, role, 'get_identity_pool'));
  if (seeing.length === 0) return undefined;
  if (seeing.some(({ level }) => level === 'tenant')) return 'every_pool';
  const idsAt = (wanted: string) => seeing.filter(({ level }) => level === wanted).map(({ id }) => id);
  return { workspaceIds: idsAt('workspace'), poolIds: idsAt('identity_pool') };
}
