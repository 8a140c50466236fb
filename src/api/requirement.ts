import type { SelfScope } from '../claims/standard.ts';
import type { Permission } from '../roles/permissions.ts';
import type { Resource } from '../roles/authority_store.ts';

type Params = Readonly<Record<string, string>>;

/** A permission for the resource that the path names, of a role that the caller holds. */
export type PathRequirement = {
  /** Whose token: of the tenant in the path, or of the tenant that the installation is run from. */
  readonly token: 'tenant' | 'installation';
  readonly permission: Permission;
  readonly of: (params: Params) => Resource;
};

/** What a client of the tenant's `system` workspace may be granted (contract section 0). */
export type SystemScope =
  | 'identity'
  | 'identity_self_registration'
  | 'read_configuration'
  | 'manage_configuration'
  | 'view_audit_events'
  | 'revoke_tokens'
  | 'manage_logins'
  | 'manage_scope_grants';

/**
 * A scope of a token of the tenant's `system` workspace. With a permission, the client stands where a
 * `business_admin` does: what carries more authority than that is out of its reach.
 */
export type SystemRequirement = {
  readonly token: 'system';
  readonly scopes: readonly SystemScope[];
  readonly permission?: Permission;
  readonly of: (params: Params) => Resource;
};

/** A person's own token, of the workspace in the path. */
export type SelfRequirement = {
  readonly token: 'self';
  readonly scope: SelfScope | undefined;
  /** Without a scope: the one that an application needs which is not of the house. */
  readonly scopeOfOthers: SelfScope | undefined;
  /** The person has proven who they are within the last five minutes (rule 27). */
  readonly recent: boolean;
};

/** What a route asks of its caller. */
export type Requirement<B = unknown> =
  | PathRequirement
  | SystemRequirement
  | SelfRequirement
  /** Read from the validated body, for the few operations whose path does not name the resource. */
  | { readonly token: 'tenant'; readonly ofBody: (body: B) => { permission: Permission; of: Resource } }
  /** Any role at all, for what depends on what the caller's roles reach. */
  | { readonly token: 'tenant'; readonly anyRole: true }
  /** No token: said in so many words, never by leaving something out. */
  | { readonly token: 'none' };

const needs =
  (token: 'tenant' | 'installation', of: (params: Params) => Resource) =>
  (permission: Permission): PathRequirement => ({ token, permission, of });

const id = (params: Params, name: string): string => params[name] ?? '';

export const ofTenant = needs('tenant', () => ({ type: 'tenant' }));
export const ofWorkspace = needs('tenant', (params) => ({
  type: 'workspace',
  workspaceId: id(params, 'wid'),
}));
/** The workspace that the body names: what belongs to one is created under the tenant's own path. */
export const ofWorkspaceInBody = (permission: Permission) =>
  ({
    token: 'tenant',
    ofBody: (body: { readonly authorization_server_id: string }) => ({
      permission,
      of: { type: 'workspace' as const, workspaceId: body.authorization_server_id },
    }),
  }) as const;
export const ofPool = needs('tenant', (params) => ({ type: 'pool', poolId: id(params, 'ipID') }));
export const ofUser = needs('tenant', (params) => ({
  type: 'user',
  poolId: id(params, 'ipID'),
  userId: id(params, 'userID'),
}));
export const ofClient = needs('tenant', (params) => ({ type: 'client', clientId: id(params, 'cid') }));
export const ofClaim = needs('tenant', (params) => ({ type: 'claim', claimId: id(params, 'claim') }));
export const ofSchema = needs('tenant', (params) => ({ type: 'schema', schemaId: id(params, 'schID') }));
export const ofScope = needs('tenant', (params) => ({ type: 'scope', scopeId: id(params, 'scp') }));
export const ofService = needs('tenant', (params) => ({ type: 'api', apiId: id(params, 'sid') }));
export const ofInstallation = needs('installation', () => ({ type: 'system' }));

/** Somebody with a role, whichever: the operation itself looks at what the roles reach. */
export const ofAnyRole = { token: 'tenant', anyRole: true } as const;

/** One of the scopes; for a pool or a person that the path names, the reach of a `business_admin` too. */
export const ofSystem = (...scopes: readonly SystemScope[]): SystemRequirement => ({
  token: 'system',
  scopes,
  permission: 'manage_identity_pool_users',
  of: (params) => {
    if (params.ipID === undefined) return { type: 'tenant' };
    if (params.userID === undefined) return { type: 'pool', poolId: params.ipID };
    return { type: 'user', poolId: params.ipID, userId: params.userID };
  },
});

/** One of the scopes; for the workspace that the path names, the reach of a `business_admin` with a permission. */
export const ofSystemWorkspace = (
  permission: Permission,
  ...scopes: readonly SystemScope[]
): SystemRequirement => ({
  token: 'system',
  scopes,
  permission,
  of: (params) => ({ type: 'workspace', workspaceId: id(params, 'wid') }),
});

/** The scope alone, for what concerns the tenant as a whole. */
export const ofSystemTenant = (...scopes: readonly SystemScope[]): SystemRequirement => ({
  token: 'system',
  scopes,
  of: () => ({ type: 'tenant' }),
});

/** A person acts for themselves, through an application that they have allowed to. */
export const ofSelf = (scope: SelfScope, { recent = false } = {}): SelfRequirement => ({
  token: 'self',
  scope,
  scopeOfOthers: undefined,
  recent,
});

/** The first version of the API: any token will do of an application that nobody is asked to consent to. */
export const ofSelfV1 = (scopeOfOthers: SelfScope): SelfRequirement => ({
  token: 'self',
  scope: undefined,
  scopeOfOthers,
  recent: false,
});

export const open = { token: 'none' } as const;
