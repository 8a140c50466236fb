import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';
import { invalid, notFound } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { authorize, isAllowed, type Caller } from './authorize.ts';
import { keepingAnAdministrator } from './last_administrator.ts';
import type { Permission } from './permissions.ts';
import { checkRole, type RoleGrant } from './role.ts';
import * as store from './role_store.ts';

type TenantScope = { readonly tenantId: string };
/** `subjectPoolId` makes sure that the person is of the pool the caller means. */
export type GrantInput = RoleGrant & { readonly subjectPoolId?: string | undefined };

export type RoleService = ReturnType<typeof createRoleService>;

/** Who may administer what. Throws `DomainError`. */
export function createRoleService({ db }: { db: Database }) {
  return {
    /** Throws `forbidden` unless a role of the caller carries the permission for the resource. */
    authorize: (caller: Caller, permission: Permission, resource: store.Resource): Promise<void> =>
      authorize(db, caller, permission, resource),

    /** Whether `authorize` would let the caller through. */
    isAllowed: (caller: Caller, permission: Permission, resource: store.Resource): Promise<boolean> =>
      isAllowed(db, caller, permission, resource),

    /** Everyone with a role at the tenant itself. */
    listAtTenant: (scope: TenantScope): Promise<store.SubjectRoles[]> =>
      store.listTenantGrants(db.knex, scope),

    /** Grants a role to a person of the tenant, or to a client of its `admin` workspace. Twice is as good as once. */
    async grant(scope: TenantScope, grant: GrantInput, by: Actor): Promise<void> {
      checkRole(grant);
      await inTransaction(db, async (tx) => {
        const subject = { type: grant.subjectType, id: grant.subjectId, poolId: grant.subjectPoolId };
        if (!(await store.lockSubject(tx, scope, subject))) {
          throw invalid('', 'there is no such person in the pool, or no such client in the admin workspace');
        }
        if (await store.insertGrant(tx, scope, grant))
          await recordAudit(tx, scope, by, event('granted', grant));
      });
    },

    /** Revokes a role. Refused (409) where it would leave nobody able to administer the tenant. */
    async revoke(scope: TenantScope, grant: GrantInput, by: Actor): Promise<void> {
      checkRole(grant);
      await inTransaction(db, async (tx) => {
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

const event = (action: 'granted' | 'revoked', grant: RoleGrant) =>
  ({
    subject: 'role',
    action,
    affected: grant.subjectType === 'client' ? { clientId: grant.subjectId } : { userId: grant.subjectId },
    payload: { role: grant.role, resource_type: grant.resourceType, resource_id: grant.resourceId },
  }) as const;
