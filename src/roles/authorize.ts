import type { Database } from '../db/connection.ts';
import { forbidden } from '../domain_error.ts';
import { isRead, roleCarries, type Permission } from './permissions.ts';
import type { Principal } from './principal.ts';
import { readAuthority, type AuthorityFacts, type Resource } from './role_store.ts';

/**
 * Lets a request through when a role of the principal, at the resource or above it, carries the permission;
 * throws `forbidden` (403) otherwise, in the same words whether or not the resource exists.
 */
export async function authorize(
  db: Database,
  principal: Principal,
  permission: Permission,
  resource: Resource,
): Promise<void> {
  const subject =
    principal.kind === 'user'
      ? ({ type: 'identity_pool_user', id: principal.userId ?? '' } as const)
      : ({ type: 'client', id: principal.clientId } as const);
  const facts = await readAuthority(db.knex, principal, subject, resource);
  if (!mayDo(facts, permission, resource)) {
    throw forbidden(`This needs the permission ${permission}`, 'permission_missing');
  }
}

function mayDo(facts: AuthorityFacts, permission: Permission, resource: Resource): boolean {
  const isAdministrator = facts.grants.some(({ level, role }) => level === 'tenant' && role === 'admin');
  if (facts.guarded && !isRead(permission) && !isAdministrator) return false;
  const poolId = resource.type === 'pool' || resource.type === 'user' ? resource.poolId : undefined;
  return facts.grants.some(
    ({ level, id, role }) =>
      roleCarries(level, role, permission) &&
      {
        system: resource.type === 'system',
        tenant: true,
        workspace: id === facts.workspaceId,
        identity_pool: id === poolId,
      }[level],
  );
}
