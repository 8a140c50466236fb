import type { AccessToken, ClientCredentials } from 'oidc-provider';
import type { WorkspaceSnapshot } from '../workspaces/snapshot.ts';
import { managementAudience } from './resources.ts';

type Parts = { payload: Record<string, unknown> };

/**
 * Names the scopes of a signed access token as the workspace says: `scope`, one text (RFC 9068 §2.2.3), or `scp`, a
 * list, as some gateways read it, or both. Tokens for our own API stay as that reads them.
 */
export function nameScopes(
  { scopeClaimFormats }: WorkspaceSnapshot,
  publicUrl: string,
  token: AccessToken | ClientCredentials,
  { payload }: Parts,
): void {
  const { scope } = token;
  if (scope === undefined || scope === '' || token.aud === managementAudience(publicUrl)) return;
  if (scopeClaimFormats.includes('scp_array')) payload.scp = scope.split(' ');
  if (!scopeClaimFormats.includes('scope_space_separated')) delete payload.scope;
}
