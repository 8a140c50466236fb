import { z } from 'zod';
import { invalid } from '../../../domain_error.ts';
import { ROLES, type Permission } from '../../../roles/permissions.ts';
import type { Resource, SubjectRoles } from '../../../roles/role_store.ts';
import type { GrantInput } from '../../../roles/role_service.ts';
import { id, readOnly } from '../../fields.ts';

const roles = [...ROLES.tenant, ...ROLES.system] as const;
const subjectType = z.enum(['identity_pool_user', 'client']);

/** Who gets or loses a role at the tenant. `operator` governs the installation, and operators alone grant it. */
export const TenantRoleBody = z
  .strictObject({
    type: subjectType,
    role: z.enum(roles),
    identity_pool_id: id.optional(),
    identity_pool_user_id: id.optional(),
    client_id: id.optional(),
    tenant_id: readOnly,
  })
  .meta({ id: 'TenantRoleRequest' });

export const TenantRolesResponse = z
  .strictObject({
    subjects: z.array(
      z.strictObject({
        type: subjectType,
        tenant_id: id,
        identity_pool_id: id.optional(),
        identity_pool_user_id: id.optional(),
        client_id: id.optional(),
        roles: z.partialRecord(z.enum(roles), z.literal(true)),
      }),
    ),
  })
  .meta({ id: 'TenantRolesResponse' });

type Body = z.output<typeof TenantRoleBody>;

/** The role in the words of the domain. Throws `DomainError` when the subject is not named as its type needs. */
export function toGrant(body: Body): GrantInput {
  const level = body.role === 'operator' ? 'system' : 'tenant';
  const common = { resourceType: level, resourceId: '', role: body.role, subjectType: body.type } as const;
  if (body.type === 'client') {
    if (body.client_id === undefined) throw invalid('/client_id', 'is required');
    return { ...common, subjectId: body.client_id };
  }
  if (body.identity_pool_id === undefined) throw invalid('/identity_pool_id', 'is required');
  if (body.identity_pool_user_id === undefined) throw invalid('/identity_pool_user_id', 'is required');
  return { ...common, subjectId: body.identity_pool_user_id, subjectPoolId: body.identity_pool_id };
}

/** What granting or revoking it needs: the roles of an operator are changed by operators. */
export function neededFor(body: Body): { permission: Permission; of: Resource } {
  if (body.role === 'operator') return { permission: 'grant_operator', of: { type: 'system' } };
  // Who is not named is refused later, by `toGrant`.
  const subjectId = (body.type === 'client' ? body.client_id : body.identity_pool_user_id) ?? '';
  return { permission: 'manage_tenant_roles', of: { type: 'roles_of', subjectType: body.type, subjectId } };
}

export function presentSubject(tenantId: string, subject: SubjectRoles): object {
  return {
    type: subject.subjectType,
    tenant_id: tenantId,
    ...(subject.subjectType === 'client'
      ? { client_id: subject.subjectId }
      : { identity_pool_user_id: subject.subjectId, identity_pool_id: subject.poolId ?? undefined }),
    roles: Object.fromEntries(subject.roles.map(({ role }) => [role, true])),
  };
}
