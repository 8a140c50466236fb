import { errors, type Grant, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import { isAdmittedTo, withheldScopes } from '../access/access_rules.ts';
import { isAdmitted } from '../access/required_groups.ts';
import { currentUnit } from '../sessions/unit_of_work.ts';
import { mayAct, type Account } from '../users/account.ts';
import { connectionForPool, type WorkspaceSnapshot } from '../workspaces/snapshot.ts';
import type { WorkspaceClients } from './clients.ts';

/** Where a person is not there to be told: who may not use the application is nobody to it. */
const WITHOUT_THE_PERSON: ReadonlySet<string | undefined> = new Set(['token', 'userinfo']);

/** Whether somebody without the groups that an application requires is to be taken for nobody. */
export function isNobodyTo(ctx: KoaContextWithOIDC, clients: WorkspaceClients, account: Account): boolean {
  if (!WITHOUT_THE_PERSON.has(ctx.oidc.route)) return false;
  const client = clients.known(ctx.oidc.client?.clientId ?? '');
  return !isAdmitted(client?.requiredGroups ?? [], account);
}

/** Whether the signed-in person lacks the groups that the application requires: they get a page that says so. */
export function isShutOut(ctx: KoaContextWithOIDC, clients: WorkspaceClients): boolean {
  const required = clients.known(ctx.oidc.client?.clientId ?? '')?.requiredGroups ?? [];
  return required.length > 0 && !isAdmitted(required, personOf(ctx));
}

/** Throws `invalid_target` when the request is for an API that the signed-in person may not use (RFC 8707 §2). */
export function refuseApis(ctx: KoaContextWithOIDC, { access }: WorkspaceSnapshot): void {
  const person = personOf(ctx);
  const apis = Object.keys(ctx.oidc.resourceServers ?? {});
  if (apis.some((audience) => !isAdmittedTo(access, audience, person))) throw new errors.InvalidTarget();
}

const personOf = (ctx: KoaContextWithOIDC): Account | undefined =>
  currentUnit().accountOf(ctx.oidc.account?.accountId);

/**
 * Keeps scopes from people who lack the groups these require (RFC 6749 §3.3), whatever was granted and whenever:
 * every token, exchange and userinfo takes its scopes from the grant. Nor are people asked to consent to them.
 */
export function withholdScopes(provider: Provider, { access }: WorkspaceSnapshot): void {
  if (access.scopes.every(({ requiredGroups }) => requiredGroups.length === 0)) return;
  type ScopeReader = (this: Grant, ...given: unknown[]) => string;
  const readers = provider.Grant.prototype as unknown as Record<string, ScopeReader>;
  const change = (name: string, changed: (scopes: string[], withheld: ReadonlySet<string>) => string[]) => {
    const read = readers[name];
    if (!read) throw new Error(`a grant has no ${name}`);
    readers[name] = function changedScopes(...given) {
      const person = currentUnit().accountOf(this.accountId);
      return changed(listed(read.apply(this, given)), withheldScopes(access, person)).join(' ');
    };
  };
  for (const name of ['getOIDCScopeFiltered', 'getResourceScopeFiltered']) {
    change(name, (scopes, withheld) => scopes.filter((scope) => !withheld.has(scope)));
  }
  for (const name of ['getOIDCScopeEncountered', 'getResourceScopeEncountered']) {
    change(name, (scopes, withheld) => [...scopes, ...withheld]);
  }
}

const listed = (scope: string): string[] => scope.split(' ').filter((name) => name !== '');

type IssuedToken = {
  readonly clientId?: string | undefined;
  readonly accountId?: string | undefined;
  readonly aud?: string | string[] | undefined;
  scope?: string | undefined;
};

/**
 * Whether a client may be told of a token (RFC 7662 §4): its own, one for the API that it asks for, or any with
 * the scope that says so; and whether person, application and API still go together (rule 25). The token loses
 * the scopes that are withheld by now.
 */
export async function mayIntrospect(
  snapshot: WorkspaceSnapshot,
  clients: WorkspaceClients,
  asking: string,
  token: IssuedToken,
): Promise<boolean> {
  const audience = typeof token.aud === 'string' ? token.aud : undefined;
  const isAsked =
    token.clientId === asking ||
    snapshot.access.apis.some((api) => api.audience === audience && api.clientId === asking) ||
    (clients.known(asking)?.scopes.includes('introspect_tokens') ?? false);
  if (!isAsked) return false;
  const client = await clients.find(token.clientId ?? '');
  if (client === undefined) return false;
  if (token.accountId === undefined) return true;
  const account = await currentUnit().findAccount(token.accountId);
  if (!mayAct(account) || !connectionForPool(snapshot, account.poolId)) return false;
  if (!isAdmitted(client.requiredGroups, account)) return false;
  if (!isAdmittedTo(snapshot.access, audience, account)) return false;
  const withheld = withheldScopes(snapshot.access, account);
  if (withheld.size > 0 && token.scope !== undefined) {
    token.scope = listed(token.scope)
      .filter((name) => !withheld.has(name))
      .join(' ');
  }
  return true;
}
