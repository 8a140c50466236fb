import type { Tenant } from '../../../tenants/tenant.ts';
import type { Answer } from '../../route.ts';

/** A tenant as it leaves: what is decided about it, and nothing that is not. */
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
