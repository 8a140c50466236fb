import { TOTP_DIGITS } from '../../credentials/totp.ts';
import { renderPage } from '../../http/render.ts';
import { mayAct } from '../../users/account.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import { digitsOf, masked, waitSeconds } from '../codes/messages.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { countGuess, findCandidate } from './candidate.ts';
import { methodsOf } from './connections.ts';
import { firstFactorOf, passFirstFactor } from './first_factor.ts';
import { recordFailure, showMethodOff, showTooManyTries } from './refusals.ts';
import { codeFlow, isSent, sendCodeFor } from './send_code.ts';
import { readStateForm, type SignInState, startAgain, stateFields } from './state.ts';
import { visitorOf } from './visitor.ts';
import { waysFor } from './ways.ts';

/** The methods that ask for a code. */
export const CODE_METHODS = ['email_otp', 'sms_otp', 'totp'] as const;
export type CodeMethod = (typeof CODE_METHODS)[number];

type CodeState = SignInState & { readonly asked: CodeMethod };

export const isCodeMethod = (method: string): method is CodeMethod =>
  (CODE_METHODS as readonly string[]).includes(method);

/**
 * Sends the code, where the method is one that does, and shows the page that follows whoever it is: known, unknown,
 * without an address, blocked (rule 17). Asked again too soon, it sends nothing.
 */
export async function askForCode(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  state: CodeState,
): Promise<void> {
  const { asked: method, typed } = state;
  if (!isSent(method) || waitSeconds(state) > 0) return showCodePage(deps, journey, connection, state);
  await sendCodeFor(deps, journey, connection, method, { identifier: typed });
  const isRepeat = state.askedAt !== undefined;
  await showCodePage(deps, journey, connection, { ...state, askedAt: Date.now() }, { sent: isRepeat });
}

/** Checks a code. Everybody who does not get in takes this one path, as with a password (rule 17). */
export async function submitCode(deps: FlowDeps, journey: Journey, connection: ConnectedPool): Promise<void> {
  const { form, state: before } = await readStateForm(deps, journey, connection);
  if (before === undefined || before.first !== undefined || !isCodeMethod(before.asked)) {
    return startAgain(journey, connection);
  }
  const { asked: method, typed } = before;
  const state = { ...before, asked: method };
  if (!methodsOf(journey.server.snapshot, connection).includes(method)) {
    return showMethodOff(journey, connection);
  }
  const code = digitsOf(form.get('code') ?? '');
  if (code === '') return showCodePage(deps, journey, connection, state, { error: 'missing' });

  const candidate = await findCandidate(deps, journey, connection, typed);
  const outcome = await countGuess(deps, journey, connection, typed, candidate);
  if (!outcome.allowed && outcome.blockedBy === 'source') return showTooManyTries(journey, outcome);
  const person = outcome.allowed && mayAct(candidate?.account) ? candidate.account : undefined;
  const isRight = await accepts(deps, journey, connection, { method, code, userId: person?.userId ?? '' });
  if (isRight && person !== undefined && outcome.allowed) {
    await deps.attempts.succeedAttempt(deps.db.knex, outcome.counted);
    const first = firstFactorOf(person, method, { takesPasskeys: before.takesPasskeys });
    return passFirstFactor(deps, journey, connection, person, { typed, first });
  }
  recordFailure(journey, connection, { method, userId: candidate?.account.userId });
  await showCodePage(deps, journey, connection, state, { error: 'refused' });
}

/** Whether a code is right, and so used up; the id '' is nobody's and costs the same. */
function accepts(
  { domain }: FlowDeps,
  journey: Journey,
  { poolId }: ConnectedPool,
  { method, code, userId }: { method: CodeMethod; code: string; userId: string },
): Promise<boolean> {
  const { tenantId } = journey.server.snapshot;
  if (!isSent(method)) return domain.totp.check({ tenantId, poolId, userId }, code);
  const flow = codeFlow(journey, method, 'first');
  return domain.signInCodes.accept({ tenantId, poolId }, { userId, code, flow, by: visitorOf(journey) });
}

async function showCodePage(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  state: CodeState,
  now: { readonly sent?: boolean; readonly error?: 'refused' | 'missing' } = {},
): Promise<void> {
  const { ctx, server, app, path } = journey;
  const { asked: method, typed } = state;
  const signIn = path('sign-in', connection.connectionId);
  const others = methodsOf(server.snapshot, connection).filter((one) => one !== method);
  await renderPage(ctx, 'sign_in_code', {
    ...stateFields(deps, journey, connection, state),
    app,
    method,
    codeLength: isSent(method) ? connection.pool.signInCodeLength : TOTP_DIGITS,
    action: path('code', connection.connectionId),
    sentTo: masked(typed),
    ...(isSent(method)
      ? { resend: { action: signIn, sent: now.sent === true, waitSeconds: waitSeconds(state) } }
      : {}),
    ...(now.error === undefined ? {} : { error: now.error }),
    otherHref: `${signIn}?use=${method}`,
    ways: waysFor(journey, connection, others),
  });
}
