import { refuseAny, type Issue } from '../domain_error.ts';
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

/** Where in a tenant's settings it says that codes may be used without a token. Off unless it says true. */
export const CODES_WITHOUT_TOKEN = ['security', 'codes_without_token'] as const;

export function checkTenantSettings(tenant: TenantSettings): void {
  refuseAny([
    ...freeMapIssues('/settings', tenant.settings),
    ...switchIssues(tenant.settings),
    ...freeMapIssues('/styling', tenant.styling),
    ...freeMapIssues('/metadata', tenant.metadata),
  ]);
}

function switchIssues(settings: FreeMap): Issue[] {
  const [area, name] = CODES_WITHOUT_TOKEN;
  const value = (settings[area] as FreeMap | null | undefined)?.[name];
  if (value === undefined || typeof value === 'boolean') return [];
  return [{ pointer: `/settings/${area}/${name}`, message: 'must be true or false' }];
}
