import { checkPassword } from '../../credentials/check_password.ts';
import { HashQueueFull } from '../../credentials/hash_queue.ts';
import { mayAct } from '../../users/account.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { countGuess, findCandidate } from './candidate.ts';
import { firstFactorOf, needsSecondFactor, passPassword } from './first_factor.ts';
import { demandNewPassword } from './must_change.ts';
import { leadToRecovery } from './recover.ts';
import { recordFailure, showBusy, showTooManyTries } from './refusals.ts';
import { askSecondFactor } from './second_factor_page.ts';
import { showSignIn } from './sign_in_page.ts';

/**
 * Checks a password. Unknown, wrong, blocked, deactivated and password-less people take this one path: the same
 * statements, one pass through the hash queue, the same answer (rule 17). Only a source that has guessed too
 * often is told so, whomever it guesses at.
 */
export async function submitPassword(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  {
    typed,
    password,
    takesPasskeys,
  }: { readonly typed: string; readonly password: string; readonly takesPasskeys: boolean },
): Promise<void> {
  const candidate = await findCandidate(deps, journey, connection, typed);
  const outcome = await countGuess(deps, journey, connection, typed, candidate);
  if (!outcome.allowed && outcome.blockedBy === 'source') return showTooManyTries(journey, outcome);

  let check;
  try {
    check = await checkPassword(
      deps.hashQueue,
      password,
      outcome.allowed ? candidate?.password?.hash : undefined,
      journey.ctx.ip,
      connection.pool.hashingMethod,
    );
  } catch (error) {
    if (!(error instanceof HashQueueFull)) throw error;
    // Nothing was evaluated: the try must not count.
    if (outcome.allowed) await deps.attempts.withdrawAttempt(deps.db.knex, outcome.counted);
    return showBusy(journey, error);
  }

  if (outcome.allowed && candidate?.password && check.matches && mayAct(candidate.account)) {
    const { counted } = outcome;
    const { state, expired } = candidate.password;
    if (state === 'valid' && !expired) {
      return passPassword(deps, journey, connection, candidate, {
        typed,
        counted,
        password,
        takesPasskeys,
        ...check,
      });
    }
    await deps.attempts.succeedAttempt(deps.db.knex, counted);
    if (state === 'must_be_reset') return leadToRecovery(deps, journey, connection, typed);
    // Nobody replaces a password with half of what the sign-in asks for.
    const first = firstFactorOf(candidate.account, 'password', { mustChange: true });
    return (await needsSecondFactor(deps, journey, connection, first))
      ? askSecondFactor(deps, journey, connection, { typed, first })
      : demandNewPassword(deps, journey, connection, { typed, candidate });
  }
  recordFailure(journey, connection, { method: 'password', userId: candidate?.account.userId });
  return showSignIn(deps, journey, connection, 'password', { identifier: typed, error: 'failed' });
}
