import type { Permission } from '../roles/permissions.ts';
import type { Resource } from '../roles/role_store.ts';

type Params = Readonly<Record<string, string>>;

/** A permission for the resource that the path names. */
type PathRequirement = {
  /** Whose token: of the tenant in the path, or of the tenant that the installation is run from. */
  readonly token: 'tenant' | 'system';
  readonly permission: Permission;
  readonly of: (params: Params) => Resource;
};

/** What a route asks of its caller. */
export type Requirement<B = unknown> =
  | PathRequirement
  /** Read from the validated body, for the few operations whose path does not name the resource. */
  | { readonly token: 'tenant'; readonly ofBody: (body: B) => { permission: Permission; of: Resource } }
  /** No token: said in so many words, never by leaving something out. */
  | { readonly token: 'none' };

const needs =
  (token: 'tenant' | 'system', of: (params: Params) => Resource) =>
  (permission: Permission): PathRequirement => ({ token, permission, of });

const id = (params: Params, name: string): string => params[name] ?? '';

export const ofTenant = needs('tenant', () => ({ type: 'tenant' }));
export const ofWorkspace = needs('tenant', (params) => ({
  type: 'workspace',
  workspaceId: id(params, 'wid'),
}));
export const ofPool = needs('tenant', (params) => ({ type: 'pool', poolId: id(params, 'ipID') }));
export const ofUser = needs('tenant', (params) => ({
  type: 'user',
  poolId: id(params, 'ipID'),
  userId: id(params, 'userID'),
}));
export const ofClient = needs('tenant', (params) => ({ type: 'client', clientId: id(params, 'cid') }));
export const ofInstallation = needs('system', () => ({ type: 'system' }));
