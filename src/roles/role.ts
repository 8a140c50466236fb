import { invalid } from '../domain_error.ts';
import { ROLES, type Level, type Role } from './permissions.ts';

export type SubjectType = 'identity_pool_user' | 'client';

/** A role at a level, for a person or a client. `resourceId` is '' for the installation and the tenant. */
export type RoleGrant = {
  readonly resourceType: Level;
  readonly resourceId: string;
  readonly role: Role;
  readonly subjectType: SubjectType;
  readonly subjectId: string;
};

/** Refuses a role that does not exist at its level. */
export function checkRole({ resourceType, role }: RoleGrant): void {
  const roles: readonly string[] = ROLES[resourceType];
  if (!roles.includes(role)) throw invalid('/role', `must be one of ${roles.join(', ')}`);
}
