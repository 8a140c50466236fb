import type { HeldRole, SubjectRoles } from '../../../roles/role_store.ts';

/** A person or client with the roles they hold at one place. */
export const presentSubject = (tenantId: string, subject: SubjectRoles): object => ({
  type: subject.subjectType,
  tenant_id: tenantId,
  ...(subject.subjectType === 'client'
    ? { client_id: subject.subjectId }
    : { identity_pool_user_id: subject.subjectId, identity_pool_id: subject.poolId ?? undefined }),
  roles: Object.fromEntries(subject.roles.map(({ role }) => [role, true])),
});

/** One role of a person, and where they hold it. */
export const presentHeldRole = (tenantId: string, { level, resourceId, role }: HeldRole): object => ({
  type: level,
  role,
  tenant_id: tenantId,
  ...(level === 'workspace' ? { workspace_id: resourceId } : {}),
  ...(level === 'identity_pool' ? { identity_pool_id: resourceId } : {}),
});
