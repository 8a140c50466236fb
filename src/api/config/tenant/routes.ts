import { ofTenant } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerEnvironment } from './environment_present.ts';
import { Environment } from './environment_schema.ts';
import { answerTenant } from './present.ts';
import { TenantResponse, toTenantInput, UpdateTenantBody } from './schema.ts';

const tag = 'tenants';
const TENANT = '/api/admin/{tid}/tenant';

/** A tenant's own settings, for those who administer it. */
export const tenantSettingsRoutes = [
  route({
    method: 'get',
    path: TENANT,
    operationId: 'getAdminTenant',
    summary: 'What is decided about the tenant',
    tag,
    requires: ofTenant('get_tenant'),
    answers: { status: 200, schema: TenantResponse },
    refuses: [],
    handler: async ({ params, domain }) => answerTenant(await domain.tenants.get({ tenantId: params.tid })),
  }),
  route({
    method: 'put',
    path: TENANT,
    operationId: 'updateAdminTenant',
    summary: 'Replace what is decided about the tenant; it holds everywhere within two seconds',
    tag,
    requires: ofTenant('update_tenant'),
    body: UpdateTenantBody,
    answers: { status: 200, schema: TenantResponse },
    refuses: [412],
    handler: async ({ params, body, by, expected, domain }) =>
      answerTenant(await domain.tenants.update({ tenantId: params.tid }, toTenantInput(body), by, expected)),
  }),
  route({
    method: 'get',
    path: '/api/admin/{tid}/environment',
    operationId: 'getEnvironment',
    summary: 'What holds in the tenant, chosen or by default',
    tag,
    requires: ofTenant('get_tenant'),
    answers: { status: 200, schema: Environment },
    refuses: [],
    handler: async ({ params, domain, publicUrl, installation }) => {
      const scope = { tenantId: params.tid };
      const [tenant, limits, transports] = await Promise.all([
        domain.tenants.get(scope),
        domain.attemptLimits.list(scope),
        domain.transports.list(scope),
      ]);
      return answerEnvironment({ tenant, limits, transports, publicUrl, installation });
    },
  }),
];
