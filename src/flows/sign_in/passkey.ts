import { randomToken } from '../../security/tokens.ts';
import { CHALLENGE_SECONDS } from '../../credentials/passkey_ceremony.ts';
import { relyingPartyOf } from '../../credentials/passkeys.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import { type Account, mayAct } from '../../users/account.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { countAnswer } from './candidate.ts';
import { methodsOf } from './connections.ts';
import { firstFactorOf, passFirstFactor } from './first_factor.ts';
import { readAssertion } from './passkey_answer.ts';
import { recordFailure, showMethodOff, showTooManyTries } from './refusals.ts';
import { showSignIn } from './sign_in_page.ts';
import { readStateForm } from './state.ts';

/** What a challenge belongs to: this sign-in and this step of it (S-WA-02). */
export const passkeyFlow = ({ interaction }: Journey, step: 'first' | 'second'): string =>
  `${interaction.uid}/${step}`;

/** What `navigator.credentials.get()` is to be called with, as JSON. */
export async function assertionOptions(
  { domain }: FlowDeps,
  journey: Journey,
  { poolId }: ConnectedPool,
  /** After a first factor: that person's keys. Before it there is no list, and so nothing to learn (S-WA-10). */
  userId: string | undefined,
): Promise<object> {
  const { tenantId } = journey.server.snapshot;
  const challenge = randomToken();
  const flow = passkeyFlow(journey, userId === undefined ? 'first' : 'second');
  await domain.passkeys.beginAssertion({ tenantId, poolId }, challenge, flow);
  const keys = userId === undefined ? [] : await domain.passkeys.list({ tenantId, poolId, userId });
  return {
    challenge,
    rpId: relyingPartyOf(journey.server.issuer).id,
    timeout: CHALLENGE_SECONDS * 1000,
    userVerification: 'preferred',
    allowCredentials: keys.map(({ id, transports }) => ({ type: 'public-key', id, transports })),
  };
}

/**
 * Signs in whom a passkey says. A key of another pool, of nobody, of somebody who may not sign in, and an answer
 * that does not hold get the one answer.
 */
export async function submitPasskey(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
): Promise<void> {
  const { form } = await readStateForm(deps, journey, connection);
  if (!methodsOf(journey.server.snapshot, connection).includes('webauthn')) {
    return showMethodOff(journey, connection);
  }
  const outcome = await countAnswer(deps, journey, connection.poolId);
  if (!outcome.allowed) return showTooManyTries(journey, outcome);
  const { tenantId } = journey.server.snapshot;
  const { poolId } = connection;
  const answer = readAssertion(form);
  const proven =
    answer &&
    (await deps.domain.passkeys.checkAssertion({ tenantId, poolId }, answer, passkeyFlow(journey, 'first')));
  const account = proven && (await currentUnit().findAccount(proven.userId));
  if (proven !== undefined && isOfPool(account, poolId)) {
    await deps.attempts.succeedAttempt(deps.db.knex, outcome.counted);
    const first = firstFactorOf(account, 'webauthn', { isVerifiedPasskey: proven.userVerified });
    return passFirstFactor(deps, journey, connection, account, { typed: '', first });
  }
  recordFailure(journey, connection, { method: 'webauthn', userId: proven?.userId });
  await showSignIn(deps, journey, connection, 'webauthn', { error: 'passkey' });
}

const isOfPool = (account: Account | undefined, poolId: string): account is Account =>
  mayAct(account) && account.poolId === poolId;
