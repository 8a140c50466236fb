import { ofTenant } from '../../requirement.ts';
import { route } from '../../route.ts';
import { neededFor, presentSubject, TenantRoleBody, TenantRolesResponse, toGrant } from './schema.ts';

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
      const subjects = await domain.roles.listAtTenant({ tenantId: params.tid });
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
      await domain.roles.grant({ tenantId: params.tid }, toGrant(body), by);
      return {};
    },
  }),
  revocation('delete', 'revokeTenantRole'),
  // For callers whose tools send no body with DELETE.
  revocation('post', 'revokeTenantRoleByPost'),
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
      await domain.roles.revoke({ tenantId: params.tid }, toGrant(body), by);
      return {};
    },
  });
}
