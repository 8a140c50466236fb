import type Provider from 'oidc-provider';
import type { Grant, KoaContextWithOIDC } from 'oidc-provider';
import { currentUnit } from '../sessions/unit_of_work.ts';

/** A grant is prolonged when a refresh token issued now would outlive it by more than this. */
const PROLONG_WITHIN_SECONDS = 10 * 60;

type Mutable = Grant & { exp: number };

/**
 * The grant that an authorization request builds on: the one just consented to or this browser's. Every browser
 * has one of its own, so that what ends in one leaves the others alone. A new browser's starts with what the
 * person granted this client earlier; a first-party client is granted what it asks for (contract 1.15
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
  const parties = { accountId: account.accountId, clientId: client.clientId };

  const grantId = oidc.result?.consent?.grantId ?? oidc.session?.grantIdFor(client.clientId);
  let grant = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  // A browser may hold another person's grant when they take turns.
  if (grant && (grant.accountId !== parties.accountId || grant.clientId !== parties.clientId))
    grant = undefined;

  let isChanged = grant === undefined;
  if (trusted) {
    grant ??= new provider.Grant(parties);
    isChanged = grantRequested(ctx, grant) || isChanged;
  } else {
    grant ??= await grantConsented(provider, parties);
  }
  if (!grant) return undefined;
  if (isChanged) {
    extend(grant, refreshTokenSeconds);
    await grant.save();
  }
  return prolonged(grant, refreshTokenSeconds);
}

/** A new grant of what the person last consented to, in any browser, as long as that is in force. */
async function grantConsented(
  provider: Provider,
  parties: { accountId: string; clientId: string },
): Promise<Grant | undefined> {
  const grantId = await currentUnit().findLatestGrantId(parties.accountId, parties.clientId);
  const consented = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  if (!consented) return undefined;
  const grant = new provider.Grant(parties);
  const scope = consented.getOIDCScope();
  if (scope !== '') grant.addOIDCScope(scope);
  const claims = consented.getOIDCClaims();
  if (claims.length > 0) grant.addOIDCClaims(claims);
  for (const indicator of Object.keys(consented.resources ?? {})) {
    const resourceScope = consented.getResourceScope(indicator);
    if (resourceScope !== '') grant.addResourceScope(indicator, resourceScope);
  }
  return grant;
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
