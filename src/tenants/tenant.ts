import { refuseAny } from '../domain_error.ts';
import { freeMapIssues, type FreeMap } from '../free_map.ts';

/** What an operator decides about a tenant (contract 1.1). */
export type TenantSettings = {
  readonly name: string;
  readonly settings: FreeMap;
  readonly styling: FreeMap;
  readonly metadata: FreeMap;
};

export type Tenant = TenantSettings & {
  readonly id: string;
  readonly rowVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** The workspaces that every tenant has: administrators sign in at one, backend services at the other. */
export const ADMIN_WORKSPACE = 'admin';
export const SYSTEM_WORKSPACE = 'system';

export function checkTenantSettings(tenant: TenantSettings): void {
  refuseAny([
    ...freeMapIssues('/settings', tenant.settings),
    ...freeMapIssues('/styling', tenant.styling),
    ...freeMapIssues('/metadata', tenant.metadata),
  ]);
}
