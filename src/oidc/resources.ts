import { errors, type ResourceServer } from 'oidc-provider';
import { type AccessRules, apiOf } from '../access/access_rules.ts';
import type { ClientRegistration } from '../clients/registration.ts';
import type { WorkspaceSnapshot } from '../workspaces/snapshot.ts';
import { OIDC_SCOPES, SELF_SCOPES } from './claims.ts';

/** The audience of the management and identity APIs. */
export const managementAudience = (publicUrl: string): string => `${publicUrl}/api`;

/**
 * The API that a client-credentials token is for when the request names none: the management API in the
 * built-in workspaces, else the workspace's own default API.
 */
export function defaultApi(snapshot: WorkspaceSnapshot, publicUrl: string, issuer: string): string {
  return snapshot.type === 'admin' || snapshot.type === 'system'
    ? managementAudience(publicUrl)
    : `${issuer}/api`;
}

/**
 * A resource that a client may ask a token for: the workspace's default API and those registered with the
 * client (`audience`). Throws `invalid_target` for any other (RFC 8707 §2). A registered API decides format and
 * life of its tokens, and keeps its scopes to itself.
 */
export function resourceServer(
  resource: string,
  client: ClientRegistration | undefined,
  apis: {
    /** The workspace's default API. */
    readonly own: string;
    /** The audience of the self API: no other API may be told to change somebody's account. */
    readonly self: string;
    readonly accessTokenSeconds: number;
    /** The form of tokens for the default API; ours reads signed ones. */
    readonly ownFormat: 'jwt' | 'opaque';
    readonly rules: AccessRules;
  },
): ResourceServer {
  if (resource !== apis.own && !client?.audience.includes(resource)) throw new errors.InvalidTarget();
  const others: ReadonlySet<string> = new Set([
    ...OIDC_SCOPES,
    ...(resource === apis.self ? [] : SELF_SCOPES),
    ...apis.rules.scopes.filter(({ audience }) => audience !== null && audience !== resource).map(nameOf),
  ]);
  const api = apiOf(apis.rules, resource);
  const common = {
    audience: resource,
    scope: (client?.scopes ?? []).filter((scope) => !others.has(scope)).join(' '),
    accessTokenTTL: api?.accessTokenTtlSeconds ?? apis.accessTokenSeconds,
  };
  const isOwn = resource === apis.own && resource !== apis.self;
  if ((api?.tokenFormat ?? (isOwn ? apis.ownFormat : 'jwt')) === 'opaque')
    return { ...common, accessTokenFormat: 'opaque' };
  return {
    ...common,
    // RFC 9068. ES256 unless the API says otherwise: a third of the work of RS256.
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: api?.tokenSigningAlg ?? 'ES256' } },
  };
}

const nameOf = ({ name }: { readonly name: string }): string => name;
