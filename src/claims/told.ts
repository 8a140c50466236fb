import type { Account } from '../users/account.ts';
import type { ClaimRule } from './claim.ts';
import { contextOf, mappingFor } from './context.ts';
import type { Attribute, Mapping } from './mapping.ts';
import { type Document, isDocument, valueAt } from './path.ts';
import { sourcesOf } from './sources.ts';
import { CLAIMS_BY_SCOPE, isProtocolClaim } from './standard.ts';

/** Where a claim is said. Introspection is that of an access token that its holder cannot read. */
export type Destination = 'id_token' | 'userinfo' | 'access_token' | 'introspection';

/** The rules of a workspace, with those of the connection that a person comes through. */
export type ClaimRules = {
  readonly claims: readonly ClaimRule[];
  readonly contextAttributes: readonly Attribute[];
  readonly mappings: readonly Mapping[];
};

/** What is known of the person, and what was granted to whom it is said. */
export type Occasion = { readonly context: Document; readonly scopes: ReadonlySet<string> };

/** The authentication context of a person; `amr`: how they proved who they are. */
export const contextFor = (
  { mappings, contextAttributes }: ClaimRules,
  account: Account,
  amr: readonly string[] | undefined,
): Document => contextOf(mappings, sourcesOf(account, amr), contextAttributes);

/** Why a claim is there: a claim of the workspace, or what a scope always carries. */
export type Reason =
  | { readonly rule: 'claim'; readonly claimId: string; readonly path: string; readonly mapping?: Mapping }
  | { readonly rule: 'standard'; readonly scope: string; readonly path: string; readonly mapping?: Mapping };

export type Told = { readonly name: string; readonly value: unknown; readonly reason: Reason };

type Wanted = { readonly name: string; readonly path: string; readonly reason: Reason };

/**
 * What is said of a person at one place, by the rules of the workspace, each claim with its reason. The one
 * function that tokens, userinfo, introspection and the preview are made from. Protocol claims are not its matter.
 */
export function told(rules: ClaimRules, destination: Destination, occasion: Occasion): Told[] {
  return wantedAt(rules, destination, occasion.scopes).flatMap(({ name, path, reason }) => {
    const value = plain(valueAt(occasion.context, path));
    if (value === undefined || value === null) return [];
    const mapping = mappingFor(rules.mappings, path);
    return [{ name, value, reason: mapping === undefined ? reason : { ...reason, mapping } }];
  });
}

/** The same as the members of a token. */
export const asMembers = (claims: readonly Told[]): Document =>
  Object.fromEntries(claims.map(({ name, value }) => [name, value]));

function wantedAt(rules: ClaimRules, destination: Destination, scopes: ReadonlySet<string>): Wanted[] {
  const asks = destination === 'userinfo' || destination === 'introspection';
  const type = destination === 'id_token' || destination === 'userinfo' ? 'id_token' : 'access_token';
  const own = rules.claims.filter((claim) => claim.type === type);
  const said = own
    .filter((claim) => !claim.opaque || asks)
    .filter((claim) => claim.scopes.length === 0 || claim.scopes.some((scope) => scopes.has(scope)))
    .map(({ id, name, sourcePath: path }): Wanted => ({
      name,
      path,
      reason: { rule: 'claim', claimId: id, path },
    }));
  if (type === 'access_token') return said;
  // A rule of the workspace speaks in place of what the scope would carry, also where it keeps silent.
  const replaced = new Set(own.map(({ name }) => name));
  return [...standard(scopes).filter(({ name }) => !replaced.has(name)), ...said];
}

function standard(scopes: ReadonlySet<string>): Wanted[] {
  return Object.entries(CLAIMS_BY_SCOPE)
    .filter(([scope]) => scopes.has(scope))
    .flatMap(([scope, names]) =>
      names
        .filter((name) => !isProtocolClaim(name))
        .map((path): Wanted => ({ name: path, path, reason: { rule: 'standard', scope, path } })),
    );
}

// Names that every object has would reach into whatever a library builds from a token.
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isDocument(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !(name in Object.prototype))
      .map(([name, inner]) => [name, plain(inner)]),
  );
}
