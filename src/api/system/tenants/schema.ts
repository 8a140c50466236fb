import { z } from 'zod';
import { settableOfTenant, tenantAnswer, TenantResponse } from '../../config/tenant/schema.ts';
import { id } from '../../fields.ts';
import { pagingQuery } from '../../paging.ts';

/** What creates a tenant (contract 1.1). */
export const TenantBody = z
  .strictObject({ ...settableOfTenant, id: z.string().max(64).optional() })
  .meta({ id: 'Tenant' });

/** With the credentials of the new tenant's management client, the one time that they are shown. */
export const CreatedTenantResponse = z
  .strictObject({
    ...tenantAnswer,
    admin_client: z.strictObject({ client_id: id, client_secret: z.string() }),
  })
  .meta({ id: 'CreatedTenantResponse' });

export const TenantsResponse = z.strictObject({ tenants: z.array(TenantResponse) }).meta({ id: 'Tenants' });

export const TenantsQuery = z.strictObject(pagingQuery('tenant'));
