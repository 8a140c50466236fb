import type { Database } from '../../db/connection.ts';
import { tooManyTries } from '../../domain_error.ts';
import type { AttemptLimits } from '../../security/attempt_limits.ts';
import type { Attempts, CountedTry, ProtectedType } from '../../security/attempts.ts';

export type GuessDeps = {
  readonly db: Database;
  readonly attempts: Attempts;
  readonly limits: AttemptLimits;
};

export type Guess = {
  readonly kind: ProtectedType;
  /** The person's id; for someone unknown, the canonical name that was typed. */
  readonly subject: string;
  /** Undefined when a trusted backend asks for the person. */
  readonly source: string | undefined;
};

/**
 * Counts a guess before it is evaluated, in a statement of its own that stays whatever happens to the request
 * (rule 5). Throws `DomainError` `too_many_tries` while the person or the source is blocked. A right guess is
 * settled with `attempts.succeedAttempt` in the transaction of its effect; one that could not be evaluated is
 * withdrawn.
 */
export async function countGuess(
  { db, attempts, limits }: GuessDeps,
  scope: { readonly tenantId: string; readonly poolId: string },
  { kind, subject, source }: Guess,
): Promise<CountedTry> {
  const limit = await limits.limitFor(scope.tenantId, kind);
  const { tenantId, poolId } = scope;
  const outcome = await attempts.beginAttempt(db, { tenantId, poolId, kind, subject, source }, limit);
  if (!outcome.allowed) throw tooManyTries(outcome.retryAfterSeconds);
  return outcome.counted;
}

/** Evaluates a counted guess. It does not count when this throws: nothing was said about what was guessed. */
export async function evaluating<T>(
  { db, attempts }: GuessDeps,
  counted: CountedTry,
  evaluate: () => Promise<T>,
): Promise<T> {
  try {
    return await evaluate();
  } catch (error) {
    await attempts.withdrawAttempt(db.knex, counted);
    throw error;
  }
}
