import { checkPassword } from '../../credentials/check_password.ts';
import { HashQueueFull } from '../../credentials/hash_queue.ts';
import type { FormFields } from '../../http/form_body.ts';
import { findPasswordHolder } from '../../users/factors/password_holder_store.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import { digitsOf } from '../codes/messages.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { type AfterFirst, passSecondFactor, readAfterFirst } from './after_first.ts';
import { countSecondGuess } from './candidate.ts';
import { rememberDevice } from './device_cookie.ts';
import type { Proof } from './factors.ts';
import { readAssertion } from './passkey_answer.ts';
import { passkeyFlow } from './passkey.ts';
import { recordFailure, showBusy, showTooManyTries } from './refusals.ts';
import { askSecondFactor, factorsOf, provable } from './second_factor_page.ts';
import { codeFlow, isSent } from './send_code.ts';
import { visitorOf } from './visitor.ts';

const MAX_CODE_LENGTH = 64;

/** Takes a second factor, or the wish to prove another one. */
export async function submitSecondFactor(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
): Promise<void> {
  const step = await readAfterFirst(deps, journey, connection);
  if (step === undefined) return;
  const { form, state, account } = step;
  const { first, typed, asked: method, askedAt } = state;
  const again = (more: Parameters<typeof askSecondFactor>[4]) =>
    askSecondFactor(deps, journey, connection, { typed, first, askedAt }, more);

  const use = form.get('use');
  if (use !== undefined) {
    const isOther = use !== method;
    // Another kind of message has not been sent yet.
    const asking = isOther ? { typed, first } : { typed, first, askedAt };
    return askSecondFactor(deps, journey, connection, asking, { use: use as Proof, resend: !isOther });
  }
  const given = givenFor(method, form);
  if (given === '') return again({ use: method, error: 'missing' });

  const outcome = await countSecondGuess(deps, journey, connection, account.userId);
  if (!outcome.allowed) return showTooManyTries(journey, outcome);
  let isRight: boolean;
  try {
    isRight = await accepts(deps, journey, connection, step, given);
  } catch (error) {
    await deps.attempts.withdrawAttempt(deps.db.knex, outcome.counted);
    if (error instanceof HashQueueFull) return showBusy(journey, error);
    throw error;
  }
  if (!isRight) {
    recordFailure(journey, connection, { method, userId: account.userId, step: 'second' });
    return again({ use: method, error: 'refused' });
  }
  await deps.attempts.succeedAttempt(deps.db.knex, outcome.counted);
  const { rememberedSeconds } = connection.pool;
  if (form.get('remember_device') === 'yes' && rememberedSeconds > 0) {
    const { tenantId } = journey.server.snapshot;
    const scope = { tenantId, poolId: connection.poolId, userId: account.userId };
    await rememberDevice(deps, journey, scope, rememberedSeconds);
  }
  return passSecondFactor(deps, journey, connection, account, { typed, first, second: method });
}

/** What was given for a method; '' for nothing. */
function givenFor(method: Proof, form: FormFields): string {
  if (method === 'webauthn') return 'answered';
  if (method === 'password') return form.get('password') ?? '';
  const code = (form.get('code') ?? '').slice(0, MAX_CODE_LENGTH);
  return method === 'recovery_code' ? code.trim() : digitsOf(code);
}

/** Whether it is right, and so used up where it can be. What the pool has stopped asking for is never right. */
async function accepts(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  { form, state, account }: AfterFirst,
  given: string,
): Promise<boolean> {
  const { first, asked: method } = state;
  const factors = await factorsOf(deps, journey, connection, first);
  if (!factors || !provable(journey, connection, first, factors).includes(method)) return false;
  const { domain } = deps;
  const { tenantId } = journey.server.snapshot;
  const { userId, poolId } = account;
  const scope = { tenantId, poolId, userId };
  if (method === 'totp') return domain.totp.check(scope, given);
  if (method === 'recovery_code') return domain.recoveryCodes.use(scope, given, visitorOf(journey));
  if (method === 'password') return isPassword(deps, journey, connection, userId, given);
  if (method === 'webauthn') {
    const answer = readAssertion(form);
    const flow = passkeyFlow(journey, 'second');
    const proven = answer && (await domain.passkeys.checkAssertion({ tenantId, poolId }, answer, flow));
    return proven?.userId === userId;
  }
  if (!isSent(method)) return false;
  const flow = codeFlow(journey, method, 'second');
  return domain.signInCodes.accept(scope, { userId, code: given, flow, by: visitorOf(journey) });
}

async function isPassword(
  { db, hashQueue }: FlowDeps,
  { ctx, server }: Journey,
  { poolId, pool }: ConnectedPool,
  userId: string,
  password: string,
): Promise<boolean> {
  const { tenantId } = server.snapshot;
  const stored = (await findPasswordHolder(db.knex, { tenantId, poolId }, { userId }))?.password;
  // One that must be replaced proves nothing here: it is replaced where it is the first factor.
  const usable = stored?.state === 'valid' && !stored.expired ? stored.hash : undefined;
  return (await checkPassword(hashQueue, password, usable, ctx.ip, pool.hashingMethod)).matches;
}
