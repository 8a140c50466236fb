import { PERMISSIONS, ROLES } from '../../../roles/permissions.ts';
import { ADMIN_BASE } from '../../both_apis.ts';
import { ofAnyRole } from '../../requirement.ts';
import { route } from '../../route.ts';
import { callerOf } from '../roles/caller.ts';
import { answerPermissions, presentProbes } from './present.ts';
import {
  PoolPermissions,
  roleProbe,
  TENANT_PROBES,
  TenantPermissions,
  WORKSPACE_PROBES,
  WorkspacePermissions,
} from './schema.ts';

const tag = 'permissions';
const WORKSPACE_ROLES = ROLES.workspace.map((role) => ({ level: 'workspace', role }) as const);

export const permissionRoutes = [
  route({
    method: 'get',
    path: '/api/admin/{tid}/tenant/permissions',
    operationId: 'checkTenantPermissions',
    summary: 'What the caller may do at the tenant',
    tag,
    requires: ofAnyRole,
    answers: { status: 200, schema: TenantPermissions },
    refuses: [],
    handler: async ({ domain, ...input }) => {
      const probed = Object.values(TENANT_PROBES);
      const allowed = await domain.roles.allowedAmong(callerOf(input), probed, { type: 'tenant' });
      return answerPermissions(presentProbes(TENANT_PROBES, allowed));
    },
  }),
  route({
    method: 'get',
    path: '/api/admin/{tid}/servers/{wid}/permissions',
    operationId: 'checkWorkspacePermissions',
    summary: 'What the caller may do in a workspace',
    tag,
    requires: ofAnyRole,
    answers: { status: 200, schema: WorkspacePermissions },
    refuses: [404],
    handler: async ({ params, domain, ...input }) => {
      const caller = callerOf(input);
      const workspace = { type: 'workspace', workspaceId: params.wid } as const;
      const allowed = await domain.roles.allowedAmong(caller, Object.values(WORKSPACE_PROBES), workspace);
      const grantable = await domain.roles.grantableAmong(caller, WORKSPACE_ROLES, workspace);
      const roles = ROLES.workspace.map((role) => [
        roleProbe(role),
        grantable.some((one) => one.role === role),
      ]);
      return answerPermissions({ ...presentProbes(WORKSPACE_PROBES, allowed), ...Object.fromEntries(roles) });
    },
  }),
  route({
    method: 'get',
    path: `${ADMIN_BASE}/pools/{ipID}/permissions`,
    operationId: 'CheckPoolPermissions',
    summary: 'What the caller may do in a pool',
    tag,
    requires: ofAnyRole,
    answers: { status: 200, schema: PoolPermissions },
    refuses: [404],
    handler: async ({ params, domain, ...input }) => {
      const pool = { type: 'pool', poolId: params.ipID } as const;
      const allowed = await domain.roles.allowedAmong(callerOf(input), PERMISSIONS.identity_pool, pool);
      return answerPermissions(
        Object.fromEntries(PERMISSIONS.identity_pool.map((name) => [name, allowed.has(name)])),
      );
    },
  }),
];
