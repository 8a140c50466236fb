import { z } from 'zod';
import { PERMISSIONS, ROLES, type Permission } from '../../../roles/permissions.ts';

const booleans = <Name extends string>(names: readonly Name[]) =>
  z.strictObject(Object.fromEntries(names.map((name) => [name, z.boolean()])) as Record<Name, z.ZodBoolean>);

/** The contract's name of a permission, where it is not ours. */
export const TENANT_PROBES = {
  get_tenant: 'get_tenant',
  update_tenant: 'update_tenant',
  create_identity_pool: 'create_identity_pool',
  create_workspace: 'create_workspace',
  list_identity_pools: 'list_identity_pools',
  list_workspaces: 'list_workspaces',
  read_identity_schemas: 'read_identity_schemas',
  manage_identity_schemas: 'manage_identity_schemas',
  read_brute_force_protection: 'read_brute_force_protection',
  manage_brute_force_protection: 'manage_brute_force_protection',
  manage_themes: 'manage_themes',
  read_mfa_methods: 'read_mfa_methods',
  manage_mfa_methods: 'manage_mfa_methods',
  read_roles: 'read_tenant_roles',
  manage_admin_role: 'manage_tenant_roles',
  manage_business_admin_role: 'manage_tenant_roles',
  manage_auditor_role: 'manage_tenant_roles',
  manage_member_role: 'manage_tenant_roles',
} as const satisfies Record<string, Permission>;

export const WORKSPACE_PROBES = {
  get_workspace: 'get_workspace',
  discover_workspace: 'get_workspace',
  update_workspace: 'update_workspace',
  update_workspace_metadata: 'update_workspace',
  delete_workspace: 'delete_workspace',
  list_identity_pools: 'list_workspace_pools',
  create_identity_pool: 'create_workspace_pool',
  read_identity_schemas: 'read_workspace_schemas',
  read_clients: 'read_clients',
  manage_clients: 'manage_clients',
  read_services: 'read_clients',
  manage_services: 'manage_clients',
  read_claims: 'read_claims',
  manage_claims: 'manage_claims',
  read_keys: 'read_keys',
  manage_keys: 'manage_keys',
  manage_tokens: 'revoke_tokens',
  read_idps: 'read_idps',
  manage_idps: 'manage_idps',
  read_audit_events: 'read_audit_events',
  read_roles: 'read_workspace_roles',
} as const satisfies Record<string, Permission>;

/** `manage_admin_role` and its like: whether the caller may grant and revoke that role here. */
export const roleProbe = (role: string): string => `manage_${role}_role`;
const ROLE_PROBES = ROLES.workspace.map((role) => `manage_${role}_role` as const);

const namesOf = <Name extends string>(probes: Readonly<Record<Name, Permission>>) =>
  Object.keys(probes) as Name[];

export const TenantPermissions = booleans(namesOf(TENANT_PROBES)).meta({ id: 'TenantPermissionsResponse' });
export const WorkspacePermissions = booleans([...namesOf(WORKSPACE_PROBES), ...ROLE_PROBES]).meta({
  id: 'WorkspacePermissionsResponse',
});
export const PoolPermissions = booleans(PERMISSIONS.identity_pool).meta({ id: 'PoolPermissionsResponse' });
