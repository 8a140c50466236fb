import type { Account } from '../users/account.ts';
import type { Api } from './api.ts';
import { isAdmitted } from './required_groups.ts';
import type { Scope } from './scope.ts';

/** A scope of an administrator, as sign-ins and tokens need it. */
export type ScopeRule = Pick<
  Scope,
  'name' | 'displayName' | 'description' | 'translations' | 'requiredGroups'
> & {
  /** What tokens for its API name. Null: it goes with any token. */
  readonly audience: string | null;
};

/** An API, as tokens need it. */
export type ApiRule = Pick<
  Api,
  'audience' | 'tokenFormat' | 'tokenSigningAlg' | 'accessTokenTtlSeconds' | 'clientId' | 'requiredGroups'
>;

/** What a workspace's tokens may be asked for and be for, beyond what is built in. */
export type AccessRules = { readonly scopes: readonly ScopeRule[]; readonly apis: readonly ApiRule[] };

type Member = Pick<Account, 'poolId' | 'memberOf'> | undefined;

const NONE: ReadonlySet<string> = new Set();

/** The scopes that a person cannot have, whatever they are granted. */
export function withheldScopes(
  { scopes }: { readonly scopes: readonly Pick<ScopeRule, 'name' | 'requiredGroups'>[] },
  account: Member,
): ReadonlySet<string> {
  const withheld = scopes.filter(({ requiredGroups }) => !isAdmitted(requiredGroups, account));
  return withheld.length === 0 ? NONE : new Set(withheld.map(({ name }) => name));
}

/** The registered API of an audience. */
export const apiOf = ({ apis }: AccessRules, audience: string | undefined): ApiRule | undefined =>
  audience === undefined ? undefined : apis.find((api) => api.audience === audience);

/** Whether a person may have tokens for an audience; what is not registered asks for no group. */
export const isAdmittedTo = (rules: AccessRules, audience: string | undefined, account: Member): boolean =>
  isAdmitted(apiOf(rules, audience)?.requiredGroups ?? [], account);

/** The scopes that go with tokens that name no API. */
export const scopesWithoutApi = ({ scopes }: AccessRules): readonly string[] =>
  scopes.filter(({ audience }) => audience === null).map(({ name }) => name);
