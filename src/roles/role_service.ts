import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';
import { forbidden, invalid, notFound } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { UserScope } from '../users/user.ts';
import { allowedAmong, authorize, grantableAmong, isAllowed, type Caller, type RoleAt } from './authorize.ts';
import { keepingAnAdministrator } from './last_administrator.ts';
import type { Permission } from './permissions.ts';
import { checkRole, type RoleGrant } from './role.ts';
import type { Resource } from './authority_store.ts';
import * as store from './role_store.ts';

type TenantScope = { readonly tenantId: string };
/** `subjectPoolId` makes sure that the person is of the pool the caller means. */
export type GrantInput = RoleGrant & { readonly subjectPoolId?: string | undefined };

export type RoleService = ReturnType<typeof createRoleService>;

/** Who may administer what. Throws `DomainError`. */
export function createRoleService({ db }: { db: Database }) {
  return {
    /** Throws `forbidden` unless a role of the caller carries the permission for the resource. */
    authorize: (caller: Caller, permission: Permission, resource: Resource): Promise<void> =>
      authorize(db, caller, permission, resource),

    /** Whether `authorize` would let the caller through. */
    isAllowed: (caller: Caller, permission: Permission, resource: Resource): Promise<boolean> =>
      isAllowed(db, caller, permission, resource),

    /** Which of some permissions the caller has on a resource; 403 for who holds no role at all. */
    allowedAmong: <P extends Permission>(
      caller: Caller,
      permissions: readonly P[],
      resource: Resource,
    ): Promise<ReadonlySet<P>> => allowedAmong(db, caller, permissions, resource),

    /** Which of some roles the caller may grant and revoke at a resource. */
    grantableAmong: <R extends RoleAt>(
      caller: Caller,
      roles: readonly R[],
      resource: Resource,
    ): Promise<readonly R[]> => grantableAmong(db, caller, roles, resource),

    /** Everyone with a role at the tenant itself, at a workspace or at a pool. */
    async list(scope: TenantScope, at: store.RolesAt): Promise<store.SubjectRoles[]> {
      if (!(await store.resourceExists(db.knex, scope, at))) throw notFound(NAMES[at.level]);
      return store.listGrants(db.knex, scope, at);
    },

    /** Every role of a person, at all levels. */
    async listOfUser(scope: UserScope): Promise<store.HeldRole[]> {
      const roles = await store.listRolesOfUser(db.knex, scope);
      if (roles === undefined) throw notFound('User');
      return roles;
    },

    /**
     * Grants a role to a person of the tenant, or to a client of its `admin` workspace. Twice is as good as once.
     * With a caller, 403 for a role that carries what the caller's own do not.
     */
    async grant(scope: TenantScope, grant: GrantInput, by: Actor, caller?: Caller): Promise<void> {
      checkRole(grant);
      if (caller !== undefined) await requireGrantable(db, caller, grant);
      await inTransaction(db, async (tx) => {
        await holdResource(tx, scope, grant);
        const subject = { type: grant.subjectType, id: grant.subjectId, poolId: grant.subjectPoolId };
        if (!(await store.lockSubject(tx, scope, subject))) {
          throw invalid('', 'there is no such person in the pool, or no such client in the admin workspace');
        }
        if (await store.insertGrant(tx, scope, grant)) {
          await recordAudit(tx, scope, by, event('granted', grant));
        }
      });
    },

    /** Revokes a role. Refused (409) where it would leave nobody able to administer the tenant. */
    async revoke(scope: TenantScope, grant: GrantInput, by: Actor, caller?: Caller): Promise<void> {
      checkRole(grant);
      if (caller !== undefined) await requireGrantable(db, caller, grant);
      await inTransaction(db, async (tx) => {
        await holdResource(tx, scope, grant);
        const apply = async () => {
          if (!(await store.deleteGrant(tx, scope, grant))) throw notFound('Role');
          await recordAudit(tx, scope, by, event('revoked', grant));
        };
        const administers = grant.resourceType === 'tenant' && grant.subjectType === 'identity_pool_user';
        await (administers ? keepingAnAdministrator(tx, scope, apply) : apply());
      });
    },
  };
}

const NAMES = { tenant: 'Tenant', workspace: 'Workspace', identity_pool: 'Pool' } as const;

async function requireGrantable(db: Database, caller: Caller, grant: RoleGrant): Promise<void> {
  const { resourceType: level, resourceId: id, role } = grant;
  // Roles at the tenant and the installation have permissions of their own, which the route asks for.
  if (level !== 'workspace' && level !== 'identity_pool') return;
  const resource =
    level === 'workspace'
      ? ({ type: level, workspaceId: id } as const)
      : ({ type: 'pool', poolId: id } as const);
  if ((await grantableAmong(db, caller, [{ level, role }], resource)).length > 0) return;
  throw forbidden('This needs every permission that the role carries', 'role_exceeds_caller');
}

/** A workspace or pool that goes takes the roles at it along: none may come later. */
async function holdResource(tx: Knex.Transaction, scope: TenantScope, grant: RoleGrant): Promise<void> {
  const { resourceType: level, resourceId: id } = grant;
  if (level === 'system') return;
  if (!(await store.lockResource(tx, scope, { level, id }))) throw notFound(NAMES[level]);
}

const event = (action: 'granted' | 'revoked', grant: GrantInput) =>
  ({
    subject: 'role',
    action,
    ...(grant.resourceType === 'workspace' ? { workspaceId: grant.resourceId } : {}),
    affected:
      grant.subjectType === 'client'
        ? { clientId: grant.subjectId }
        : {
            userId: grant.subjectId,
            ...(grant.subjectPoolId !== undefined && { poolId: grant.subjectPoolId }),
          },
    payload: { role: grant.role, resource_type: grant.resourceType, resource_id: grant.resourceId },
  }) as const;
