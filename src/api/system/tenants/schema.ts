import { z } from 'zod';
import type { TenantInput } from '../../../tenants/tenant_service.ts';
import { freeMap, id, line, readOnly } from '../../fields.ts';
import { pagingQuery } from '../../paging.ts';

const settable = {
  name: line().optional(),
  settings: freeMap.optional(),
  styling: freeMap.optional(),
  metadata: freeMap.optional(),
};

/** What creates a tenant (contract 1.1). */
export const TenantBody = z
  .strictObject({ ...settable, id: z.string().max(64).optional() })
  .meta({ id: 'Tenant' });

export const UpdateTenantBody = z.strictObject({ ...settable, id: readOnly }).meta({ id: 'UpdateTenant' });

const answer = { id, name: z.string(), settings: freeMap, styling: freeMap, metadata: freeMap };

export const TenantResponse = z.strictObject(answer).meta({ id: 'TenantResponse' });

/** With the credentials of the new tenant's management client, the one time that they are shown. */
export const CreatedTenantResponse = z
  .strictObject({
    ...answer,
    admin_client: z.strictObject({ client_id: id, client_secret: z.string() }),
  })
  .meta({ id: 'CreatedTenantResponse' });

export const TenantsResponse = z.strictObject({ tenants: z.array(TenantResponse) }).meta({ id: 'Tenants' });

export const TenantsQuery = z.strictObject(pagingQuery('tenant'));

export const toTenantInput = (
  body: Pick<z.output<typeof UpdateTenantBody>, keyof typeof settable>,
): TenantInput => ({
  name: body.name,
  settings: body.settings,
  styling: body.styling,
  metadata: body.metadata,
});
