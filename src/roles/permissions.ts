/** What a request may need. Each is asked of one resource: the installation, a tenant, a workspace or a pool. */
export const PERMISSIONS = {
  system: ['manage_tenants', 'grant_operator'],
  tenant: [
    'get_tenant',
    'update_tenant',
    'list_identity_pools',
    'create_identity_pool',
    'read_identity_schemas',
    'manage_identity_schemas',
    'list_workspaces',
    'create_workspace',
    'read_brute_force_protection',
    'manage_brute_force_protection',
    'manage_themes',
    'read_mfa_methods',
    'manage_mfa_methods',
    'read_tenant_roles',
    'manage_tenant_roles',
  ],
  workspace: [
    'get_workspace',
    'update_workspace',
    'delete_workspace',
    'list_workspace_pools',
    'create_workspace_pool',
    'read_workspace_schemas',
    'read_clients',
    'manage_clients',
    'read_idps',
    'manage_idps',
    'read_claims',
    'manage_claims',
    'read_keys',
    'manage_keys',
    'read_audit_events',
    'read_workspace_roles',
    'manage_workspace_roles',
    'revoke_tokens',
  ],
  identity_pool: [
    'get_identity_pool',
    'update_identity_pool',
    'delete_identity_pool',
    'connect_identity_pool',
    'read_identity_pool_idps',
    'read_identity_pool_users',
    'manage_identity_pool_users',
    'import_identity_pool_users',
    'export_identity_pool_users',
    'read_identity_pool_groups',
    'manage_identity_pool_groups',
    'manage_user_identifiers',
    'manage_user_addresses',
    'manage_user_passwords',
    'manage_user_otps',
    'send_user_activation',
    'send_user_verification',
    'revoke_tokens',
    'read_roles',
    'manage_user_manager_role',
    'b2b_read_users',
    'b2b_manage_users',
    'b2b_read_admin_metadata',
    'b2b_manage_admin_metadata',
    'b2b_read_business_metadata',
    'b2b_manage_business_metadata',
  ],
} as const;

export type Level = keyof typeof PERMISSIONS;
export type Permission = (typeof PERMISSIONS)[Level][number];

export const ROLES = {
  system: ['operator'],
  tenant: ['admin', 'business_admin', 'auditor', 'member'],
  workspace: ['admin', 'auditor', 'manager', 'user_manager', 'member'],
  identity_pool: ['user_manager'],
} as const;
export type Role = (typeof ROLES)[Level][number];

const { tenant, workspace, identity_pool: pool } = PERMISSIONS;

const READ: readonly Permission[] = [
  'get_tenant',
  'list_identity_pools',
  'read_identity_schemas',
  'list_workspaces',
  'read_brute_force_protection',
  'read_mfa_methods',
  'read_tenant_roles',
  'get_workspace',
  'list_workspace_pools',
  'read_workspace_schemas',
  'read_clients',
  'read_idps',
  'read_claims',
  'read_keys',
  'read_audit_events',
  'read_workspace_roles',
  'get_identity_pool',
  'read_identity_pool_idps',
  'read_identity_pool_users',
  'read_identity_pool_groups',
  'read_roles',
  'b2b_read_users',
  'b2b_read_admin_metadata',
  'b2b_read_business_metadata',
];
const READ_IN_TENANT_ONLY: readonly Permission[] = [
  'get_tenant',
  'list_identity_pools',
  'read_identity_schemas',
  'list_workspaces',
  'read_brute_force_protection',
  'read_mfa_methods',
  'read_tenant_roles',
];
const READ_BELOW_TENANT = READ.filter((permission) => !READ_IN_TENANT_ONLY.includes(permission));

/** Day-to-day care of the people of a pool. Hashes leave or enter only with an administrator. */
const MANAGE_USERS: readonly Permission[] = pool.filter(
  (permission) =>
    ![
      'update_identity_pool',
      'delete_identity_pool',
      'connect_identity_pool',
      'read_identity_pool_idps',
      'import_identity_pool_users',
      'export_identity_pool_users',
      'manage_user_manager_role',
    ].includes(permission),
);
// What holds for everything in the tenant, authority over administrators, and what leaves no trace of who knows a password.
const TENANT_ADMIN_ONLY: readonly Permission[] = [
  'update_tenant',
  'manage_tenant_roles',
  'manage_brute_force_protection',
  'manage_mfa_methods',
  'export_identity_pool_users',
];
const withoutTenantAdmin = (list: readonly Permission[]) =>
  list.filter((permission) => !TENANT_ADMIN_ONLY.includes(permission));

const set = (...lists: readonly (readonly Permission[])[]): ReadonlySet<Permission> => new Set(lists.flat());

/** Which role at which level carries which permissions (contract 3.6). A level's roles reach all levels below. */
const MATRIX: {
  readonly [L in Level]: Readonly<Record<(typeof ROLES)[L][number], ReadonlySet<Permission>>>;
} = {
  system: { operator: set(PERMISSIONS.system) },
  tenant: {
    admin: set(tenant, workspace, pool),
    business_admin: set(withoutTenantAdmin([...tenant, ...workspace, ...pool])),
    auditor: set(READ),
    member: set(),
  },
  workspace: {
    admin: set(withoutTenantAdmin([...workspace, ...pool])),
    auditor: set(READ_BELOW_TENANT),
    manager: set([
      'get_workspace',
      'list_workspace_pools',
      'read_workspace_schemas',
      'read_clients',
      'manage_clients',
      'read_idps',
      'manage_idps',
      'read_claims',
      'manage_claims',
      'get_identity_pool',
      'connect_identity_pool',
      'read_identity_pool_idps',
    ]),
    user_manager: set(['get_workspace', 'list_workspace_pools', 'read_workspace_schemas'], MANAGE_USERS),
    member: set(['get_workspace']),
  },
  identity_pool: { user_manager: set(MANAGE_USERS) },
};

const READ_ONLY: ReadonlySet<Permission> = new Set(READ);

/** Whether a permission only looks. What is protected may still be looked at. */
export const isRead = (permission: Permission): boolean => READ_ONLY.has(permission);

const NONE: ReadonlySet<Permission> = new Set();

/** What a role carries at a level and below it. Unknown roles carry nothing. */
export function permissionsOf(level: Level, role: string): ReadonlySet<Permission> {
  const roles: Readonly<Record<string, ReadonlySet<Permission>>> = MATRIX[level];
  return (Object.hasOwn(roles, role) ? roles[role] : undefined) ?? NONE;
}

/** Whether a role held at a level carries a permission. Unknown roles carry none. */
export const roleCarries = (level: Level, role: string, permission: Permission): boolean =>
  permissionsOf(level, role).has(permission);
