import type Provider from 'oidc-provider';

type Grant = InstanceType<Provider['Grant']>;

/** What was asked of a person, and what they said to it. */
export type Decision = {
  readonly scopes: readonly string[];
  readonly claims: readonly string[];
  /** Scopes that go with an API, by its audience. */
  readonly resources: Readonly<Record<string, readonly string[]>>;
  readonly grantsScope: (scope: string) => boolean;
  readonly grantsClaim: (claim: string) => boolean;
};

/**
 * Writes a decision into a grant. What is refused is kept as refused, so that the library does not ask for it at
 * every sign-in; the last word counts, in both directions.
 */
export function decide(grant: Grant, decision: Decision): void {
  const { scopes, claims, resources, grantsScope, grantsClaim } = decision;
  const refused = { ...grant.rejected };
  // The library never takes a refusal back by itself.
  delete grant.rejected;

  const oidc = new Set([
    ...words(refused.openid?.scope).filter((one) => !scopes.includes(one)),
    ...scopes.filter(not(grantsScope)),
  ]);
  const granted = scopes.filter(grantsScope);
  if (granted.length > 0) grant.addOIDCScope(granted.join(' '));
  if (oidc.size > 0) grant.rejectOIDCScope([...oidc].join(' '));

  const refusedClaims = new Set([
    ...(refused.openid?.claims ?? []).filter((one) => !claims.includes(one)),
    ...claims.filter(not(grantsClaim)),
  ]);
  const grantedClaims = claims.filter(grantsClaim);
  if (grantedClaims.length > 0) grant.addOIDCClaims(grantedClaims);
  if (refusedClaims.size > 0) grant.rejectOIDCClaims([...refusedClaims]);

  for (const audience of new Set([...Object.keys(refused.resources ?? {}), ...Object.keys(resources)])) {
    const asked = resources[audience] ?? [];
    const before = words(refused.resources?.[audience]).filter((one) => !asked.includes(one));
    const now = new Set([...before, ...asked.filter(not(grantsScope))]);
    const some = asked.filter(grantsScope);
    if (some.length > 0) grant.addResourceScope(audience, some.join(' '));
    if (now.size > 0) grant.rejectResourceScope(audience, [...now].join(' '));
  }
}

const words = (text: string | undefined): string[] => text?.split(' ').filter((word) => word !== '') ?? [];
const not =
  (says: (name: string) => boolean) =>
  (name: string): boolean =>
    !says(name);
