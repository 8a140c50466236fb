import type { CreatedTenant } from '../../../tenants/tenant_service.ts';
import { presentTenant } from '../../config/tenant/present.ts';
import type { Answer } from '../../route.ts';

export const answerCreatedTenant = ({ tenant, adminClient }: CreatedTenant): Answer => ({
  body: {
    ...presentTenant(tenant),
    admin_client: { client_id: adminClient.id, client_secret: adminClient.clientSecret },
  },
  version: tenant.rowVersion,
});
