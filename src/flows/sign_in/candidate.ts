import { canonicalIdentifier } from '../../credentials/identifier.ts';
import { limitAmong } from '../../security/attempt_limits.ts';
import type { CountOutcome } from '../../security/attempts.ts';
import { findSignInCandidate, type SignInCandidate } from '../../users/account_store.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { recognizedBrowser } from './known_browser_cookie.ts';

/** Who a typed name means in the pool of a connection. */
export function findCandidate(
  deps: FlowDeps,
  { server }: Journey,
  { poolId, pool }: ConnectedPool,
  typed: string,
): Promise<SignInCandidate | undefined> {
  const key = canonicalIdentifier(typed, { caseInsensitive: pool.identifierCaseInsensitive });
  // What cannot be a sign-in name is looked up as one that nobody has: the same statement.
  return findSignInCandidate(deps.db.knex, { tenantId: server.snapshot.tenantId, poolId }, key ?? '');
}

/**
 * Counts a guess at a first factor, whichever it is, before the evaluation: in a statement of its own that stays
 * whatever happens to this request (rule 5). All of them share one counter.
 */
export function countGuess(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  typed: string,
  candidate: SignInCandidate | undefined,
): Promise<CountOutcome> {
  const { identifierCaseInsensitive: caseInsensitive } = connection.pool;
  const unknown = canonicalIdentifier(typed, { caseInsensitive }) ?? typed;
  return countAt(deps, journey, connection, 'identity_authentication', {
    userId: candidate?.account.userId,
    otherwise: `unknown:${unknown}`,
  });
}

/** Counts a guess at the second factor of somebody who has proven the first. */
export const countSecondGuess = (
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  userId: string,
): Promise<CountOutcome> => countAt(deps, journey, connection, 'mfa', { userId, otherwise: '' });

/** Counts an answer of a passkey at its source alone: nobody guesses one, but it costs work to look at. */
export function countAnswer(deps: FlowDeps, { ctx, server }: Journey, poolId: string): Promise<CountOutcome> {
  const { tenantId } = server.snapshot;
  const attempt = { tenantId, poolId, kind: 'identity_authentication', subject: '', source: ctx.ip } as const;
  return deps.attempts.beginAttempt(deps.db, attempt, { maxAttempts: 0, blockSeconds: 0 });
}

function countAt(
  deps: FlowDeps,
  { ctx, server }: Journey,
  { poolId }: ConnectedPool,
  kind: 'identity_authentication' | 'mfa',
  { userId, otherwise }: { userId: string | undefined; otherwise: string },
): Promise<CountOutcome> {
  const { tenantId } = server.snapshot;
  return deps.attempts.beginAttempt(
    deps.db,
    {
      tenantId,
      poolId,
      kind,
      subject: userId ?? otherwise,
      source: ctx.ip,
      browser: userId === undefined ? undefined : recognizedBrowser(deps, ctx, { tenantId, poolId, userId }),
    },
    limitAmong(server.snapshot.attemptLimits, kind),
  );
}
