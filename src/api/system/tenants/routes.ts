import { pageOf } from '../../paging.ts';
import { ofInstallation } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerTenant, presentTenant } from '../../config/tenant/present.ts';
import { TenantResponse, toTenantInput, UpdateTenantBody } from '../../config/tenant/schema.ts';
import { answerCreatedTenant } from './present.ts';
import { CreatedTenantResponse, TenantBody, TenantsQuery, TenantsResponse } from './schema.ts';

const tag = 'tenants';
const TENANTS = '/api/system/tenants';
const requires = ofInstallation('manage_tenants');

export const tenantRoutes = [
  route({
    method: 'get',
    path: TENANTS,
    operationId: 'ListTenants',
    summary: 'All tenants of the installation',
    tag,
    requires,
    query: TenantsQuery,
    answers: { status: 200, schema: TenantsResponse },
    refuses: [],
    handler: async ({ query, domain }) => {
      const tenants = await domain.tenants.list(pageOf(query, query.after_tenant_id, query.before_tenant_id));
      return { body: { tenants: tenants.map(presentTenant) } };
    },
  }),
  route({
    method: 'post',
    path: TENANTS,
    operationId: 'CreateTenant',
    summary: 'Create a tenant; the answer alone shows the credentials of its management client',
    tag,
    requires,
    body: TenantBody,
    answers: { status: 201, schema: CreatedTenantResponse },
    refuses: [409],
    handler: async ({ body, by, domain }) =>
      answerCreatedTenant(await domain.tenants.create({ ...toTenantInput(body), id: body.id }, by)),
  }),
  route({
    method: 'get',
    path: `${TENANTS}/{tid}`,
    operationId: 'GetTenant',
    summary: 'One tenant',
    tag,
    requires,
    answers: { status: 200, schema: TenantResponse },
    refuses: [404],
    handler: async ({ params, domain }) => answerTenant(await domain.tenants.get({ tenantId: params.tid })),
  }),
  route({
    method: 'put',
    path: `${TENANTS}/{tid}`,
    operationId: 'UpdateTenant',
    summary: 'Replace the settings of a tenant',
    tag,
    requires,
    body: UpdateTenantBody,
    answers: { status: 200, schema: TenantResponse },
    refuses: [404, 412],
    handler: async ({ params, body, by, expected, domain }) =>
      answerTenant(await domain.tenants.update({ tenantId: params.tid }, toTenantInput(body), by, expected)),
  }),
  route({
    method: 'delete',
    path: `${TENANTS}/{tid}`,
    operationId: 'DeleteTenant',
    summary: 'Delete a tenant with everything in it, for good',
    tag,
    requires,
    answers: { status: 204 },
    refuses: [404, 412],
    handler: async ({ params, by, expected, domain, systemTenantId }) => {
      await domain.tenants.remove({ tenantId: params.tid }, { systemTenantId }, by, expected);
      return {};
    },
  }),
];
