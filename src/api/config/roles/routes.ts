import { ofTenant, ofUser } from '../../requirement.ts';
import { route } from '../../route.ts';
import { presentHeldRole, presentSubject } from './present.ts';
import {
  neededFor,
  TenantRoleBody,
  TenantRolesResponse,
  toTenantGrant,
  UserRolesResponse,
} from './schema.ts';
import { workspaceAndPoolRoleRoutes } from './routes_below_tenant.ts';

const tag = 'roles';
const ROLES = '/api/admin/{tid}/tenant/roles';

export const roleRoutes = [
  route({
    method: 'get',
    path: ROLES,
    operationId: 'listTenantRoles',
    summary: 'Everyone with a role at the tenant itself',
    tag,
    requires: ofTenant('read_tenant_roles'),
    answers: { status: 200, schema: TenantRolesResponse },
    refuses: [],
    handler: async ({ params, domain }) => {
      const subjects = await domain.roles.list({ tenantId: params.tid }, { level: 'tenant', id: '' });
      return { body: { subjects: subjects.map((subject) => presentSubject(params.tid, subject)) } };
    },
  }),
  route({
    method: 'post',
    path: `${ROLES}/grant`,
    operationId: 'grantTenantRole',
    summary: 'Grant a role to a person, or to a client of the admin workspace',
    tag,
    requires: { token: 'tenant', ofBody: neededFor },
    body: TenantRoleBody,
    answers: { status: 204 },
    refuses: [],
    handler: async ({ params, body, by, domain }) => {
      await domain.roles.grant({ tenantId: params.tid }, toTenantGrant(body), by);
      return {};
    },
  }),
  revocation('delete', 'revokeTenantRole'),
  // For callers whose tools send no body with DELETE.
  revocation('post', 'revokeTenantRoleByPost'),
  ...workspaceAndPoolRoleRoutes,
  route({
    method: 'get',
    path: '/api/admin/{tid}/pools/{ipID}/users/{userID}/roles',
    operationId: 'listUserRoles',
    summary: 'Every role of a person, at all levels',
    tag,
    requires: ofUser('read_roles'),
    answers: { status: 200, schema: UserRolesResponse },
    refuses: [404],
    handler: async ({ params, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      const roles = await domain.roles.listOfUser(scope);
      return { body: { resources: roles.map((role) => presentHeldRole(params.tid, role)) } };
    },
  }),
];

function revocation(method: 'delete' | 'post', operationId: string) {
  return route({
    method,
    path: `${ROLES}/revoke`,
    operationId,
    summary: 'Revoke a role; refused where nobody could administer the tenant afterwards',
    tag,
    requires: { token: 'tenant', ofBody: neededFor },
    body: TenantRoleBody,
    answers: { status: 204 },
    refuses: [404, 409],
    handler: async ({ params, body, by, domain }) => {
      await domain.roles.revoke({ tenantId: params.tid }, toTenantGrant(body), by);
      return {};
    },
  });
}
