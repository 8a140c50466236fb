import { checkPassword } from '../../credentials/check_password.ts';
import { HashQueueFull } from '../../credentials/hash_queue.ts';
import { canonicalIdentifier } from '../../credentials/identifier.ts';
import { renderPage } from '../../http/render.ts';
import { type CountOutcome, defaultLimit } from '../../security/attempts.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import { mayAct } from '../../users/account.ts';
import { findSignInCandidate, type SignInCandidate } from '../../users/account_store.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import { readOwnForm } from '../own_form.ts';
import { noWayIn } from '../failures/no_way_in.ts';
import { homeOf, type Journey } from '../journey.ts';
import { completeSignIn } from './complete.ts';
import { allowsPassword, offeredConnections } from './connections.ts';
import { recognizedBrowser } from './known_browser_cookie.ts';

/** Longest sign-in name kept in the form after an error. */
const MAX_IDENTIFIER_LENGTH = 320;

/** Shows identifier and password together; `identifier` is kept after an error. */
export async function showPasswordForm(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  after?: { identifier: string },
): Promise<void> {
  const { ctx, server, interaction, app, path } = journey;
  if (!allowsPassword(server.snapshot, connection)) return noWayIn(journey);
  const hint = interaction.params.login_hint;
  const several = offeredConnections(server.snapshot).length > 1;
  await renderPage(ctx, 'sign_in', {
    action: path('sign-in', connection.connectionId),
    csrfToken: deps.csrf.formToken(ctx, interaction.uid),
    app,
    identifier: after?.identifier ?? (typeof hint === 'string' ? hint.slice(0, MAX_IDENTIFIER_LENGTH) : ''),
    ...(after ? { error: 'failed' as const } : {}),
    ...(several ? { poolName: connection.name, changePoolHref: path('pool') } : {}),
    ...(connection.pool.badgeColor === '' ? {} : { basinColor: connection.pool.badgeColor }),
  });
}

/**
 * Checks a password. Unknown, wrong, blocked, deactivated and password-less people take this one path: the same
 * statements, one pass through the hash queue, the same answer (rule 17). Only a source that has guessed too
 * often is told so, whomever it guesses at.
 */
export async function submitPassword(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
): Promise<void> {
  const { ctx, server } = journey;
  const form = await readOwnForm(deps, journey);
  if (!allowsPassword(server.snapshot, connection)) return noWayIn(journey);
  const typed = (form.get('identifier') ?? '').slice(0, MAX_IDENTIFIER_LENGTH);
  const password = form.get('password') ?? '';

  const candidate = await find(deps, journey, connection, typed);
  const outcome = await countGuess(deps, journey, connection, typed, candidate);
  if (!outcome.allowed && outcome.blockedBy === 'source') {
    return renderPage(ctx, 'too_many_tries', {
      retryAt: outcome.blockedUntil,
      app: journey.app,
      ...back(journey),
    });
  }

  let check;
  try {
    check = await checkPassword(
      deps.hashQueue,
      password,
      outcome.allowed ? candidate?.password?.hash : undefined,
      ctx.ip,
    );
  } catch (error) {
    if (!(error instanceof HashQueueFull)) throw error;
    // Nothing was evaluated: the try must not count.
    if (outcome.allowed) await deps.attempts.withdrawAttempt(deps.db.knex, outcome.counted);
    return renderPage(ctx, 'busy', {
      retryAfterSeconds: error.retryAfterSeconds,
      app: journey.app,
      ...back(journey),
    });
  }

  if (outcome.allowed && candidate && check.matches && maySignIn(candidate)) {
    return completeSignIn(deps, journey, connection, candidate, {
      counted: outcome.counted,
      password,
      ...check,
    });
  }
  currentUnit().audit(
    {
      subject: 'login',
      action: 'failed',
      payload: { authn_method: 'password', idp_id: connection.connectionId },
      affected: { poolId: connection.poolId, ...(candidate ? { userId: candidate.account.userId } : {}) },
    },
    { kind: 'client', clientId: journey.client.clientId },
  );
  return showPasswordForm(deps, journey, connection, { identifier: typed });
}

function find(
  deps: FlowDeps,
  { server }: Journey,
  { poolId, pool }: ConnectedPool,
  typed: string,
): Promise<SignInCandidate | undefined> {
  const key = canonicalIdentifier(typed, { caseInsensitive: pool.identifierCaseInsensitive });
  // What cannot be a sign-in name is looked up as one that nobody has: the same statement.
  return findSignInCandidate(deps.db.knex, { tenantId: server.snapshot.tenantId, poolId }, key ?? '');
}

// Before the evaluation, in a statement of its own that stays whatever happens to this request (rule 5).
function countGuess(
  deps: FlowDeps,
  { ctx, server }: Journey,
  { poolId, pool }: ConnectedPool,
  typed: string,
  candidate: SignInCandidate | undefined,
): Promise<CountOutcome> {
  const { tenantId } = server.snapshot;
  const unknown = canonicalIdentifier(typed, { caseInsensitive: pool.identifierCaseInsensitive }) ?? typed;
  const userId = candidate?.account.userId;
  return deps.attempts.beginAttempt(
    deps.db,
    {
      tenantId,
      poolId,
      kind: 'identity_authentication',
      subject: userId ?? `unknown:${unknown}`,
      source: ctx.ip,
      browser: userId === undefined ? undefined : recognizedBrowser(deps, ctx, { tenantId, poolId, userId }),
    },
    defaultLimit('identity_authentication'),
  );
}

// A password that must be changed or has expired opens nothing until the journey that changes it exists.
function maySignIn({ account, password }: SignInCandidate): boolean {
  return mayAct(account) && password?.state === 'valid' && !password.expired;
}

function back({ client, interaction }: Journey): { backHref?: string } {
  const href = homeOf(client, interaction.params.redirect_uri as string | undefined);
  return href === undefined ? {} : { backHref: href };
}
