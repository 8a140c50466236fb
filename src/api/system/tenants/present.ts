import type { CreatedTenant } from '../../../tenants/tenant_service.ts';
import type { Tenant } from '../../../tenants/tenant.ts';
import type { Answer } from '../../route.ts';

export function presentTenant(tenant: Tenant): object {
  return {
    id: tenant.id,
    name: tenant.name,
    settings: tenant.settings,
    styling: tenant.styling,
    metadata: tenant.metadata,
  };
}

export const answerTenant = (tenant: Tenant): Answer => ({
  body: presentTenant(tenant),
  version: tenant.rowVersion,
});

export const answerCreatedTenant = ({ tenant, adminClient }: CreatedTenant): Answer => ({
  body: {
    ...presentTenant(tenant),
    admin_client: { client_id: adminClient.id, client_secret: adminClient.clientSecret },
  },
  version: tenant.rowVersion,
});
