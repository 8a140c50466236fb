import { z } from 'zod';
import { invalid } from '../../../domain_error.ts';
import { ROLES, type Level, type Permission, type Role } from '../../../roles/permissions.ts';
import type { GrantInput } from '../../../roles/role_service.ts';
import type { Resource } from '../../../roles/authority_store.ts';
import { id, readOnly } from '../../fields.ts';

const TENANT_ROLES = [...ROLES.tenant, ...ROLES.system] as const;
const ALL_ROLES = [...new Set(Object.values(ROLES).flat())] as [Role, ...Role[]];
const subjectType = z.enum(['identity_pool_user', 'client']);

/** Who gets or loses a role: a person of a pool, or a client of the `admin` workspace. */
const request = <R extends Role>(roles: readonly R[]) =>
  z.strictObject({
    type: subjectType,
    role: z.enum(roles as readonly [R, ...R[]]),
    identity_pool_id: id.optional(),
    identity_pool_user_id: id.optional(),
    client_id: id.optional(),
    tenant_id: readOnly,
    workspace_id: readOnly,
  });

const response = (roles: readonly Role[]) =>
  z.strictObject({
    subjects: z.array(
      z.strictObject({
        type: subjectType,
        tenant_id: id,
        identity_pool_id: id.optional(),
        identity_pool_user_id: id.optional(),
        client_id: id.optional(),
        roles: z.partialRecord(z.enum(roles as readonly [Role, ...Role[]]), z.literal(true)),
      }),
    ),
  });

/** `operator` governs the installation, and operators alone grant it. */
export const TenantRoleBody = request(TENANT_ROLES).meta({ id: 'TenantRoleRequest' });
export const WorkspaceRoleBody = request(ROLES.workspace).meta({ id: 'WorkspaceRoleRequest' });
export const PoolRoleBody = request(ROLES.identity_pool).meta({ id: 'IdentityPoolRoleRequest' });

export const TenantRolesResponse = response(TENANT_ROLES).meta({ id: 'TenantRolesResponse' });
export const WorkspaceRolesResponse = response(ROLES.workspace).meta({ id: 'WorkspaceRolesResponse' });
export const PoolRolesResponse = response(ROLES.identity_pool).meta({ id: 'IdentityPoolRolesResponse' });

/** Every role of a person. `system` is the installation. */
export const UserRolesResponse = z
  .strictObject({
    resources: z.array(
      z.strictObject({
        type: z.enum(['system', 'tenant', 'workspace', 'identity_pool']),
        role: z.enum(ALL_ROLES),
        tenant_id: id,
        workspace_id: id.optional(),
        identity_pool_id: id.optional(),
      }),
    ),
  })
  .meta({ id: 'UserRolesResponse' });

type Body = Omit<z.output<typeof TenantRoleBody>, 'role'> & { readonly role: Role };

/** The role in the words of the domain. Throws `DomainError` when the subject is not named as its type needs. */
export function toGrant(body: Body, resourceType: Level, resourceId: string): GrantInput {
  const common = { resourceType, resourceId, role: body.role, subjectType: body.type } as const;
  if (body.type === 'client') {
    if (body.client_id === undefined) throw invalid('/client_id', 'is required');
    return { ...common, subjectId: body.client_id };
  }
  if (body.identity_pool_id === undefined) throw invalid('/identity_pool_id', 'is required');
  if (body.identity_pool_user_id === undefined) throw invalid('/identity_pool_user_id', 'is required');
  return { ...common, subjectId: body.identity_pool_user_id, subjectPoolId: body.identity_pool_id };
}

/** The same for a role at the tenant, or at the installation. */
export const toTenantGrant = (body: z.output<typeof TenantRoleBody>): GrantInput =>
  toGrant(body, body.role === 'operator' ? 'system' : 'tenant', '');

/** What granting or revoking it needs: the roles of an operator are changed by operators. */
export function neededFor(body: z.output<typeof TenantRoleBody>): { permission: Permission; of: Resource } {
  if (body.role === 'operator') return { permission: 'grant_operator', of: { type: 'system' } };
  // Who is not named is refused later, by `toGrant`.
  const subjectId = (body.type === 'client' ? body.client_id : body.identity_pool_user_id) ?? '';
  return { permission: 'manage_tenant_roles', of: { type: 'roles_of', subjectType: body.type, subjectId } };
}
