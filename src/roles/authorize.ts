import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { forbidden, notFound } from '../domain_error.ts';
import { isRead, permissionsOf, roleCarries, type Permission } from './permissions.ts';
import type { Principal } from './principal.ts';
import { readAuthority, type AuthorityFacts, type Resource } from './authority_store.ts';

/** Whose token asks, and the tenant that the installation is run from: a `system` role counts only there. */
export type Caller = {
  readonly principal: Principal;
  readonly systemTenantId: string;
  /** Set for a caller whose authority is a scope: it stands where the holder of this role at the tenant does. */
  readonly standsAs?: 'business_admin';
};

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
  caller: Caller,
  permission: Permission,
  resource: Resource,
): Promise<boolean> {
  return mayDo(await readFacts(db, caller, resource), permission, resource);
}

/**
 * Which of some permissions `authorize` would let the caller use on a resource, in one read. Throws `forbidden`
 * for who holds no role at all, and `notFound` for what is not there, to those who would see it if it were.
 */
export async function allowedAmong<P extends Permission>(
  db: Database,
  caller: Caller,
  permissions: readonly P[],
  resource: Resource,
): Promise<ReadonlySet<P>> {
  const facts = await readFacts(db, caller, resource);
  if (facts.grants.length === 0) throw forbidden('This needs a role', 'permission_missing');
  const allowed = new Set(permissions.filter((permission) => mayDo(facts, permission, resource)));
  if (!facts.exists && allowed.size > 0) throw notFound('This');
  return facts.exists ? allowed : new Set();
}

/**
 * Throws `forbidden` unless a `business_admin` of the tenant may use the permission on the resource: for callers
 * whose authority is a scope and whose request names what it is about in its body. In the caller's transaction.
 */
export async function requireReachOf(
  tx: Knex.Transaction,
  scope: { readonly tenantId: string },
  permission: Permission,
  resource: Resource,
): Promise<void> {
  const nobody = { type: 'client', id: '' } as const;
  const facts = await readAuthority(tx, scope, nobody, resource);
  const grants = [{ level: 'tenant' as const, id: '', role: 'business_admin' }];
  if (mayDo({ ...facts, grants }, permission, resource)) return;
  throw forbidden(`This needs the permission ${permission}`, 'permission_missing');
}

/** A role of a level, to be granted or revoked. */
export type RoleAt = { readonly level: 'workspace' | 'identity_pool'; readonly role: string };

/** Which permission changes the roles of a level. */
export const ROLE_PERMISSION = {
  workspace: 'manage_workspace_roles',
  identity_pool: 'manage_user_manager_role',
} as const satisfies Record<RoleAt['level'], Permission>;

/**
 * Which of some roles the caller may grant and revoke at a resource, in one read: those that carry nothing the
 * caller's own roles there do not, so that nobody hands out more than they hold (T-512).
 */
export async function grantableAmong<R extends RoleAt>(
  db: Database,
  caller: Caller,
  roles: readonly R[],
  resource: Resource,
): Promise<readonly R[]> {
  const facts = await readFacts(db, caller, resource);
  return roles.filter(
    ({ level, role }) =>
      mayDo(facts, ROLE_PERMISSION[level], resource) &&
      [...permissionsOf(level, role)].every((permission) => carries(facts, permission, resource)),
  );
}

async function readFacts(
  db: Database,
  { principal, systemTenantId, standsAs }: Caller,
  resource: Resource,
): Promise<AuthorityFacts> {
  const subject =
    principal.kind === 'user'
      ? ({ type: 'identity_pool_user', id: principal.userId ?? '' } as const)
      : ({ type: 'client', id: principal.clientId } as const);
  const facts = await readAuthority(db.knex, principal, subject, resource);
  const inSystemTenant = principal.tenantId === systemTenantId;
  const grants =
    standsAs === undefined
      ? facts.grants.filter(({ level }) => inSystemTenant || level !== 'system')
      : [{ level: 'tenant' as const, id: '', role: standsAs }];
  return { ...facts, grants };
}

const mayDo = (facts: AuthorityFacts, permission: Permission, resource: Resource): boolean =>
  (isRead(permission) || mayChangeGuarded(facts, permission, resource)) &&
  carries(facts, permission, resource);

/** Whether a role at the resource, or above it, carries the permission. */
function carries(facts: AuthorityFacts, permission: Permission, resource: Resource): boolean {
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
