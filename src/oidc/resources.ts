import { errors, type ResourceServer } from 'oidc-provider';
import type { ClientRegistration } from '../clients/registration.ts';
import type { WorkspaceSnapshot } from '../workspaces/snapshot.ts';
import { OIDC_SCOPES } from './claims.ts';

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
 * client (`audience`). Throws `invalid_target` for any other (RFC 8707 §2).
 */
export function resourceServer(
  resource: string,
  client: ClientRegistration | undefined,
  own: string,
  accessTokenSeconds: number,
): ResourceServer {
  if (resource !== own && !client?.audience.includes(resource)) throw new errors.InvalidTarget();
  const oidc: ReadonlySet<string> = new Set(OIDC_SCOPES);
  return {
    audience: resource,
    scope: (client?.scopes ?? []).filter((scope) => !oidc.has(scope)).join(' '),
    accessTokenTTL: accessTokenSeconds,
    // RFC 9068. ES256: a third of the work of RS256, and nothing to store.
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  };
}
