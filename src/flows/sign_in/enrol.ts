import { timeStepOf } from '../../credentials/totp.ts';
import { DomainError } from '../../domain_error.ts';
import { renderPage } from '../../http/render.ts';
import { endBrowserSession } from '../../oidc/browser_session.ts';
import { findAccount } from '../../users/account_store.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import { digitsOf } from '../codes/messages.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { type AfterFirst, passSecondFactor, readAfterFirst } from './after_first.ts';
import { askToEnrol, type Enrolled, enrollable } from './enrol_page.ts';
import { readCreation } from './passkey_answer.ts';
import { factorsOf, provable } from './second_factor_page.ts';
import { startAgain, stateFields } from './state.ts';
import { visitorOf } from './visitor.ts';

/** Whether somebody may set up a second factor now: only who has none, else a first factor alone would do (S-WA-11). */
export async function mayEnrol(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  { first }: AfterFirst['state'],
): Promise<boolean> {
  const factors = await factorsOf(deps, journey, connection, first);
  return factors !== undefined && provable(journey, connection, first, factors).length === 0;
}

/** Takes a new second factor, proven on the spot, or the wish to set up another one. */
export async function submitEnrolment(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
): Promise<void> {
  const step = await readAfterFirst(deps, journey, connection);
  if (step === undefined) return;
  const { form, state } = step;
  if (!(await mayEnrol(deps, journey, connection, state))) return startAgain(journey, connection);
  const use = form.get('use');
  if (use !== undefined) return askToEnrol(deps, journey, connection, state, { use });
  const method = enrollable(journey, connection, state.first).find((one) => one === state.asked);
  if (method === undefined) return askToEnrol(deps, journey, connection, state);

  const error = await (method === 'totp' ? enrolTotp : enrolPasskey)(deps, journey, connection, step);
  if (error === 'taken') return startAgain(journey, connection);
  if (error !== undefined) return askToEnrol(deps, journey, connection, state, { use: method, error });
  await showRecoveryCodes(deps, journey, connection, step, method);
}

type Failure = 'refused' | 'missing' | 'passkey' | 'taken';
type Enrol = (
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  step: AfterFirst,
) => Promise<Failure | undefined>;

const scopeOf = ({ server }: Journey, { account }: AfterFirst) => ({
  tenantId: server.snapshot.tenantId,
  poolId: account.poolId,
  userId: account.userId,
});

const byPerson = (journey: Journey, { account: { userId, poolId } }: AfterFirst) => ({
  ...visitorOf(journey),
  userId,
  poolId,
});

/** S-TOTP-02: nothing is stored before the app has shown a right code; that code is used up. */
const enrolTotp: Enrol = async ({ domain }, journey, _connection, step) => {
  const { secret = '' } = step.state;
  const code = digitsOf(step.form.get('code') ?? '');
  if (code === '') return 'missing';
  const now = Math.floor(Date.now() / 1000);
  if ((await timeStepOf(secret, code, { now, afterTimeStep: undefined })) === undefined) return 'refused';
  const scope = scopeOf(journey, step);
  try {
    await domain.totp.set(scope, secret, { by: byPerson(journey, step) });
  } catch (error) {
    if (error instanceof DomainError) return 'taken';
    throw error;
  }
  await domain.totp.check(scope, code);
  // Their sessions have ended with the change; this sign-in goes on without the one it began in.
  if (journey.interaction.session !== undefined) {
    await endBrowserSession(journey.server.provider, journey.interaction);
  }
  return undefined;
};

const enrolPasskey: Enrol = async ({ domain }, journey, _connection, step) => {
  const answer = readCreation(step.form);
  if (answer === undefined) return 'passkey';
  try {
    await domain.passkeys.setFirst(scopeOf(journey, step), answer, byPerson(journey, step));
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return error.code === 'passkey_already_set' ? 'taken' : 'passkey';
  }
  return undefined;
};

/** Shows the codes for the day the new factor is lost, once; then the sign-in goes on. */
async function showRecoveryCodes(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  step: AfterFirst,
  method: Enrolled,
): Promise<void> {
  const { ctx, app, path, server } = journey;
  const { typed, first } = step.state;
  const codes = await deps.domain.recoveryCodes.issue(scopeOf(journey, step), byPerson(journey, step), {
    withFactor: true,
  });
  const account = await findAccount(deps.db.knex, server.snapshot.tenantId, first.userId);
  const state = {
    typed,
    first: { ...first, version: account?.updatedAt ?? first.version },
    asked: method,
    second: method,
  };
  await renderPage(ctx, 'recovery_codes', {
    ...stateFields(deps, journey, connection, state),
    app,
    action: path('recovery-codes', connection.connectionId),
    codes,
  });
}

/** The codes are kept: on to the application. */
export async function leaveRecoveryCodes(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
): Promise<void> {
  const step = await readAfterFirst(deps, journey, connection);
  if (step === undefined) return;
  const { typed, first, second } = step.state;
  if (second === undefined) return startAgain(journey, connection);
  return passSecondFactor(deps, journey, connection, step.account, { typed, first, second });
}
