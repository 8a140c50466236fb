import { DomainError } from '../../domain_error.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { readAfterFirst } from './after_first.ts';
import { finishSignIn } from './complete.ts';
import { readCreation } from './passkey_answer.ts';
import { offerPasskey } from './passkey_offer_page.ts';
import { startAgain } from './state.ts';
import { visitorOf } from './visitor.ts';

// Rule 27: what one proves oneself with changes soon after a sign-in, or after another.
const RECENT_MS = 5 * 60_000;

/** Takes a new passkey or "not now", and goes on to the application. */
export async function submitPasskeyOffer(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
): Promise<void> {
  const step = await readAfterFirst(deps, journey, connection);
  if (step === undefined) return;
  const { form, account, state } = step;
  const { typed, first, proven } = state;
  // The state of any other step: something is still to be proven (rule 29).
  if (proven === undefined) return startAgain(journey, connection);
  if (form.get('later') !== 'yes') {
    const answer = readCreation(form);
    const offering = { typed, first, proven };
    if (answer === undefined) return offerPasskey(deps, journey, connection, offering, 'passkey');
    if (first.at + RECENT_MS < Date.now()) return startAgain(journey, connection);
    const { userId, poolId } = account;
    const scope = { tenantId: journey.server.snapshot.tenantId, poolId, userId };
    try {
      await deps.domain.passkeys.setFirst(scope, answer, { ...visitorOf(journey), userId, poolId });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      if (error.code !== 'passkey_already_set') {
        return offerPasskey(deps, journey, connection, offering, 'passkey');
      }
    }
  }
  return finishSignIn(deps, journey, connection, account, proven);
}
