import type { AdapterPayload, KoaContextWithOIDC } from 'oidc-provider';
import { aboutPerson } from '../claims/built_in.ts';
import { CLAIMS_BY_SCOPE } from '../claims/standard.ts';
import type { Document } from '../claims/path.ts';
import { asMembers, contextFor, told, type ClaimRules } from '../claims/told.ts';
import { currentUnit } from '../sessions/unit_of_work.ts';
import type { Account } from '../users/account.ts';
import { connectionForPool, type ConnectedPool, type WorkspaceSnapshot } from '../workspaces/snapshot.ts';

export { OIDC_SCOPES, SELF_SCOPES } from '../claims/standard.ts';

/** Names by scope as the library takes them; those of the workspace's own claims go where every request goes. */
export function claimNames(snapshot: WorkspaceSnapshot): Record<string, string[]> {
  const own = snapshot.claims.filter(({ type }) => type === 'id_token').map(({ name }) => name);
  return Object.fromEntries(
    Object.entries(CLAIMS_BY_SCOPE).map(([scope, names]) => [
      scope,
      [...names, ...(scope === 'openid' ? own : [])],
    ]),
  );
}

/**
 * What the ID token or userinfo says of one person; the library adds what the protocol says. `sub` is the user id:
 * the same in every workspace of the tenant (contract 8, row 20).
 */
export function claimsOf(
  ctx: KoaContextWithOIDC,
  account: Account,
  snapshot: WorkspaceSnapshot,
  connection: ConnectedPool,
  asked: { readonly use: string; readonly scope: string },
): Record<string, unknown> & { sub: string } {
  const isUserinfo = asked.use === 'userinfo';
  const scopes = new Set(asked.scope.split(' '));
  if (!isUserinfo) for (const scope of grantedScopes(ctx)) scopes.add(scope);
  const amr = isUserinfo ? (ctx.oidc.accessToken?.extra?.amr as string[] | undefined) : signedInBy(ctx)?.amr;
  const occasion = { context: contextNow(ctx, snapshot, connection, account, amr), scopes };
  return {
    ...asMembers(told(rulesOf(snapshot, connection), isUserinfo ? 'userinfo' : 'id_token', occasion)),
    sub: account.userId,
    ...aboutPerson(snapshot, connection.connectionId, account, scopes),
  };
}

/** What an access token, or its introspection, says of the person besides what the protocol says. */
export function accessTokenClaims(
  ctx: KoaContextWithOIDC,
  snapshot: WorkspaceSnapshot,
  account: Account,
  token: { readonly isReadable: boolean; readonly scope: string | undefined },
): Record<string, unknown> {
  const connection = connectionForPool(snapshot, account.poolId);
  if (!connection) return {};
  const scopes = new Set([...grantedScopes(ctx), ...(token.scope?.split(' ') ?? [])]);
  const context = contextNow(ctx, snapshot, connection, account, signedInBy(ctx)?.amr);
  const occasion = { context, scopes };
  const destination = token.isReadable ? 'access_token' : 'introspection';
  return asMembers(told(rulesOf(snapshot, connection), destination, occasion));
}

function contextNow(
  ctx: KoaContextWithOIDC,
  snapshot: WorkspaceSnapshot,
  connection: ConnectedPool,
  account: Account,
  amr: readonly string[] | undefined,
): Document {
  const isRefresh = ctx.oidc.params?.grant_type === 'refresh_token';
  const kept = isRefresh && !connection.reloadsClaims ? currentUnit().keptContext : undefined;
  return kept ?? contextFor(rulesOf(snapshot, connection), account, amr);
}

/** What a refresh token keeps of its sign-in, where a refresh is to say the same again (contract 1.11). */
export async function contextToKeep(
  snapshot: WorkspaceSnapshot,
  { accountId, amr }: AdapterPayload,
): Promise<Document | undefined> {
  const unit = currentUnit();
  const account = accountId === undefined ? undefined : await unit.findAccount(accountId);
  const connection = account && connectionForPool(snapshot, account.poolId);
  if (!connection || connection.reloadsClaims) return undefined;
  return unit.keptContext ?? contextFor(rulesOf(snapshot, connection), account, amr);
}

/** What a sign-in was turned into: the code that is exchanged, or the refresh token after it. */
export const signedInBy = ({ oidc }: KoaContextWithOIDC) =>
  oidc.entities.AuthorizationCode ?? oidc.entities.RefreshToken;

const rulesOf = (snapshot: WorkspaceSnapshot, connection: ConnectedPool): ClaimRules => ({
  claims: snapshot.claims,
  contextAttributes: snapshot.contextAttributes,
  mappings: connection.mappings,
});

/** Everything granted that this exchange stands for, scopes of APIs included. */
function grantedScopes(ctx: KoaContextWithOIDC): readonly string[] {
  const { Grant: grant } = ctx.oidc.entities;
  const source = signedInBy(ctx);
  if (!grant || !source) return [];
  const narrowed = ctx.oidc.params?.scope === undefined ? source.scopes : ctx.oidc.requestParamScopes;
  const asked = new Set(narrowed);
  return [
    grant.getOIDCScopeFiltered(asked),
    ...Object.keys(grant.resources ?? {}).map((api) => grant.getResourceScopeFiltered(api, asked)),
  ].flatMap((scope) => scope.split(' '));
}
