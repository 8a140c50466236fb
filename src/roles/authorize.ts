import type { Database } from '../db/connection.ts';
import { forbidden } from '../domain_error.ts';
import { isRead, roleCarries, type Permission } from './permissions.ts';
import type { Principal } from './principal.ts';
import { readAuthority, type AuthorityFacts, type Resource } from './role_store.ts';

/** Whose token asks, and the tenant that the installation is run from: a `system` role counts only there. */
export type Caller = { readonly principal: Principal; readonly systemTenantId: string };

/**
 * Lets a request through when a role of the principal, at the resource or above it, carries the permission;
 * throws `forbidden` (403) otherwise, in the same words whether or not the resource exists.
 */
export async function authorize(
  db: Database,
  caller: Caller,
  permission: Permission,
  resource: Resource,
): Promise<void> {
  if (!(await isAllowed(db, caller, permission, resource))) {
    throw forbidden(`This needs the permission ${permission}`, 'permission_missing');
  }
}

/** The same as an answer, for what depends on more than one permission. */
export async function isAllowed(
  db: Database,
  { principal, systemTenantId }: Caller,
  permission: Permission,
  resource: Resource,
): Promise<boolean> {
  const subject =
    principal.kind === 'user'
      ? ({ type: 'identity_pool_user', id: principal.userId ?? '' } as const)
      : ({ type: 'client', id: principal.clientId } as const);
  const facts = await readAuthority(db.knex, principal, subject, resource);
  const inSystemTenant = principal.tenantId === systemTenantId;
  const grants = facts.grants.filter(({ level }) => inSystemTenant || level !== 'system');
  return mayDo({ ...facts, grants }, permission, resource);
}

function mayDo(facts: AuthorityFacts, permission: Permission, resource: Resource): boolean {
  if (!isRead(permission) && !mayChangeGuarded(facts, permission, resource)) return false;
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

// Each of these concerns everyone inside: it can shut them out, or remove them.
const REACHES_EVERYONE_INSIDE: ReadonlySet<Permission> = new Set([
  'update_identity_pool',
  'delete_identity_pool',
  'delete_workspace',
]);

/**
 * What carries authority is changed by those who have as much of it: whoever else could would gain it, or take
 * it from them. Roles at the tenant or below need its `admin`, roles at the installation an `operator`.
 */
function mayChangeGuarded(facts: AuthorityFacts, permission: Permission, resource: Resource): boolean {
  const holds = (atLevel: string, named: string) =>
    facts.grants.some(({ level, role }) => level === atLevel && role === named);
  const isContainer = resource.type === 'workspace' || resource.type === 'pool';
  const reachesHolders = !isContainer || REACHES_EVERYONE_INSIDE.has(permission);
  if (reachesHolders && facts.holdsSystemRoles && !holds('system', 'operator')) return false;
  // Roles are granted and revoked by whoever has the permission to, which is a matter of the role granted.
  const needsAdministrator = facts.builtIn || (reachesHolders && facts.holdsRoles);
  return resource.type === 'roles_of' || !needsAdministrator || holds('tenant', 'admin');
}
