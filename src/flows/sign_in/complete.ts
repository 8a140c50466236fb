import { hashPassword } from '../../credentials/hashers/index.ts';
import { normalizePassword } from '../../credentials/password.ts';
import { endBrowserSession } from '../../oidc/browser_session.ts';
import { finishStep, hintedSubject } from '../../oidc/interactions.ts';
import type { CountedTry } from '../../security/attempts.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import type { SignInCandidate } from '../../users/account_store.ts';
import { replacePasswordHash } from '../../users/rehash_store.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { rememberBrowser } from './known_browser_cookie.ts';

/** How the person proved who they are (RFC 8176). */
const PASSWORD_AMR = ['pwd'];

/** The proof was good: counts nothing against the person, remembers the browser, and goes on to the application. */
export async function completeSignIn(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  candidate: SignInCandidate,
  proof: { counted: CountedTry; password: string; rehash: boolean },
): Promise<void> {
  const { ctx, server, interaction, client } = journey;
  const { account } = candidate;
  await deps.attempts.succeedAttempt(deps.db.knex, proof.counted);
  rememberBrowser(deps, ctx, {
    tenantId: server.snapshot.tenantId,
    poolId: account.poolId,
    userId: account.userId,
  });

  // OpenID Connect Core §3.1.2.1: the application asked for somebody else, so nobody is signed in.
  const expected = hintedSubject(interaction);
  if (expected !== undefined && expected !== account.userId) {
    const description = 'somebody else than id_token_hint says has signed in';
    await finishStep(ctx, server.provider, { error: 'login_required', error_description: description });
    return;
  }

  const unit = currentUnit();
  unit.knowAccount(account);
  unit.audit(
    {
      subject: 'login',
      action: 'accepted',
      payload: { authn_method: 'password', idp_id: connection.connectionId, amr: PASSWORD_AMR },
      affected: { userId: account.userId, poolId: account.poolId, connectionId: connection.connectionId },
    },
    { kind: 'user', clientId: client.clientId, userId: account.userId, poolId: account.poolId },
  );
  if (proof.rehash) unit.afterCommit(() => rehashLater(deps, journey, candidate, proof.password));

  // Somebody else was signed in here: their session ends before this one begins.
  if (interaction.session?.accountId !== undefined && interaction.session.accountId !== account.userId) {
    await endBrowserSession(server.provider, interaction);
  }
  const amr = connection.staticAmr.length > 0 ? [...connection.staticAmr] : PASSWORD_AMR;
  await finishStep(ctx, server.provider, { login: { accountId: account.userId, amr } });
}

// A second hash, so never in the request's own time, and never a reason to fail it (S-PW-14).
function rehashLater(deps: FlowDeps, { server }: Journey, candidate: SignInCandidate, typed: string): void {
  const normalized = normalizePassword(typed);
  if (!normalized.ok || !candidate.password) return;
  const { credentialId, hash } = candidate.password;
  const scope = { tenantId: server.snapshot.tenantId, poolId: candidate.account.poolId };
  deps.hashQueue
    .runLow(() => hashPassword(normalized.password))
    .then((fresh) => replacePasswordHash(deps.db.knex, scope, credentialId, hash, fresh))
    .catch(() => undefined);
}
