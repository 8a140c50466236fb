import { answerTenant } from '../../api/config/tenant/present.ts';
import { toTenantInput, UpdateTenantBody } from '../../api/config/tenant/schema.ts';
import { kind } from '../kind.ts';

export const tenant = kind({
  noun: 'tenant',
  path: 'tenant.yaml',
  body: UpdateTenantBody,
  leftOut: ['id', 'url'],
  list: async ({ domain, tenantId }) => [
    { id: '', answer: answerTenant(await domain.tenants.get({ tenantId })) },
  ],
  update: async ({ domain, tenantId, by }, _key, body, expected) =>
    answerTenant(await domain.tenants.update({ tenantId }, toTenantInput(body), by, expected)),
});
