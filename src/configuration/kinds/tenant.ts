import { answerTenant } from '../../api/system/tenants/present.ts';
import { TenantBody, toTenantInput } from '../../api/system/tenants/schema.ts';
import { kind } from '../kind.ts';

export const tenant = kind({
  noun: 'tenant',
  path: 'tenant.yaml',
  body: TenantBody,
  leftOut: ['id'],
  list: async ({ domain, tenantId }) => [
    { id: '', answer: answerTenant(await domain.tenants.get({ tenantId })) },
  ],
  update: async ({ domain, tenantId, by }, _key, body, expected) =>
    answerTenant(await domain.tenants.update({ tenantId }, toTenantInput(body), by, expected)),
});
