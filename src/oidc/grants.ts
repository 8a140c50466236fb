import type { Grant, KoaContextWithOIDC } from 'oidc-provider';
import { currentUnit } from '../sessions/unit_of_work.ts';

/** A grant is prolonged when a refresh token issued now would outlive it by more than this. */
const PROLONG_WITHIN_SECONDS = 10 * 60;

type Mutable = Grant & { exp: number };

/**
 * The grant that an authorization request builds on: the one just consented to, this browser's, or what the
 * person granted this client earlier. A first-party client is granted what it asks for (contract 1.15
 * `trusted`). A grant never ends before a refresh token issued under it.
 */
export async function loadGrantFor(
  ctx: KoaContextWithOIDC,
  trusted: boolean,
  refreshTokenSeconds: number,
): Promise<Grant | undefined> {
  const { oidc } = ctx;
  const { client, account, provider } = oidc;
  if (!client || !account) return undefined;

  const grantId =
    oidc.result?.consent?.grantId ??
    oidc.session?.grantIdFor(client.clientId) ??
    (trusted ? undefined : await currentUnit().findLatestGrantId(account.accountId, client.clientId));
  let grant = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  // A browser may hold another person's grant when they take turns.
  if (grant && (grant.accountId !== account.accountId || grant.clientId !== client.clientId))
    grant = undefined;
  if (!trusted) return grant && (await prolonged(grant, refreshTokenSeconds));

  const isNew = grant === undefined;
  grant ??= new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
  const widened = grantRequested(ctx, grant);
  if (isNew || widened) {
    extend(grant, refreshTokenSeconds);
    await grant.save();
  }
  return prolonged(grant, refreshTokenSeconds);
}

/** Adds everything the request asks for to a grant; true when that was anything new. */
export function grantRequested(ctx: KoaContextWithOIDC, grant: Grant): boolean {
  const { oidc } = ctx;
  let widened = false;
  const known = new Set(grant.getOIDCScopeEncountered().split(' '));
  const missing = [...oidc.requestParamOIDCScopes].filter((scope) => !known.has(scope));
  if (missing.length > 0) {
    grant.addOIDCScope(missing.join(' '));
    widened = true;
  }
  for (const [indicator, server] of Object.entries(oidc.resourceServers ?? {})) {
    const had = new Set(grant.getResourceScopeEncountered(indicator).split(' '));
    const wanted = [...oidc.requestParamScopes].filter(
      (scope) => server.scopes.has(scope) && !had.has(scope),
    );
    if (wanted.length > 0) {
      grant.addResourceScope(indicator, wanted.join(' '));
      widened = true;
    }
  }
  return widened;
}

async function prolonged(grant: Grant, refreshTokenSeconds: number): Promise<Grant> {
  if ((grant as Mutable).exp - now() < refreshTokenSeconds - PROLONG_WITHIN_SECONDS) {
    extend(grant, refreshTokenSeconds);
    await grant.save();
  }
  return grant;
}

function extend(grant: Grant, refreshTokenSeconds: number): void {
  if ((grant as Mutable).exp !== undefined) (grant as Mutable).exp = now() + refreshTokenSeconds + 60 * 60;
}

const now = (): number => Math.floor(Date.now() / 1000);
