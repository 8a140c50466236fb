/** What a request may need. Each is asked of one resource: the installation, a tenant, a workspace or a pool. */
const PERMISSIONS = {
  system: ['manage_tenants', 'grant_operator'],
  tenant: [
    'list_identity_pools',
    'create_identity_pool',
    'list_workspaces',
    'create_workspace',
    'read_tenant_roles',
    'manage_tenant_roles',
  ],
  workspace: [
    'get_workspace',
    'update_workspace',
    'delete_workspace',
    'list_workspace_pools',
    'create_workspace_pool',
    'read_clients',
    'manage_clients',
    'read_idps',
    'manage_idps',
  ],
  identity_pool: [
    'get_identity_pool',
    'update_identity_pool',
    'delete_identity_pool',
    'connect_identity_pool',
    'read_identity_pool_idps',
    'read_identity_pool_users',
    'manage_identity_pool_users',
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
  'list_identity_pools',
  'list_workspaces',
  'read_tenant_roles',
  'get_workspace',
  'list_workspace_pools',
  'read_clients',
  'read_idps',
  'get_identity_pool',
  'read_identity_pool_idps',
  'read_identity_pool_users',
];
const READ_IN_TENANT_ONLY: readonly Permission[] = [
  'list_identity_pools',
  'list_workspaces',
  'read_tenant_roles',
];
const READ_BELOW_TENANT = READ.filter((permission) => !READ_IN_TENANT_ONLY.includes(permission));
const MANAGE_USERS: readonly Permission[] = [
  'get_identity_pool',
  'read_identity_pool_users',
  'manage_identity_pool_users',
];

const set = (...lists: readonly (readonly Permission[])[]): ReadonlySet<Permission> => new Set(lists.flat());

/** Which role at which level carries which permissions (contract 3.6). A level's roles reach all levels below. */
const MATRIX: {
  readonly [L in Level]: Readonly<Record<(typeof ROLES)[L][number], ReadonlySet<Permission>>>;
} = {
  system: { operator: set(PERMISSIONS.system) },
  tenant: {
    admin: set(tenant, workspace, pool),
    business_admin: set(
      tenant.filter((permission) => permission !== 'manage_tenant_roles'),
      workspace,
      pool,
    ),
    auditor: set(READ),
    member: set(),
  },
  workspace: {
    admin: set(workspace, pool),
    auditor: set(READ_BELOW_TENANT),
    manager: set([
      'get_workspace',
      'list_workspace_pools',
      'read_clients',
      'manage_clients',
      'read_idps',
      'manage_idps',
      'get_identity_pool',
      'connect_identity_pool',
      'read_identity_pool_idps',
    ]),
    user_manager: set(['get_workspace', 'list_workspace_pools'], MANAGE_USERS),
    member: set(['get_workspace']),
  },
  identity_pool: { user_manager: set(MANAGE_USERS) },
};

const READ_ONLY: ReadonlySet<Permission> = new Set(READ);

/** Whether a permission only looks. What is protected may still be looked at. */
export const isRead = (permission: Permission): boolean => READ_ONLY.has(permission);

/** Whether a role held at a level carries a permission. Unknown roles carry none. */
export function roleCarries(level: Level, role: string, permission: Permission): boolean {
  const roles: Readonly<Record<string, ReadonlySet<Permission>>> = MATRIX[level];
  return Object.hasOwn(roles, role) && roles[role]?.has(permission) === true;
}
