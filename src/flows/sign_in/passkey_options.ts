import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { checkAfterFirst } from './after_first.ts';
import { methodsOf } from './connections.ts';
import { mayEnrol } from './enrol.ts';
import { assertionOptions } from './passkey.ts';
import { factorsOf, provable } from './second_factor_page.ts';
import { readStateForm } from './state.ts';

/**
 * Tells the script of a page what to ask the authenticator for, and with which challenge: to sign in, to prove a
 * second factor, or to make a key where one is set up. 403 where none of it is due.
 */
export async function givePasskeyOptions(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
): Promise<void> {
  const { ctx } = journey;
  const options = await optionsFor(deps, journey, connection);
  ctx.status = options === undefined ? 403 : 200;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = options ?? {};
}

async function optionsFor(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
): Promise<object | undefined> {
  const read = await readStateForm(deps, journey, connection);
  if (read.state?.first === undefined) {
    const isOffered = methodsOf(journey.server.snapshot, connection).includes('webauthn');
    return isOffered ? assertionOptions(deps, journey, connection, undefined) : undefined;
  }
  const step = await checkAfterFirst(deps, journey, connection, read);
  if (step === undefined) return undefined;
  const { first, proven } = step.state;
  const factors = await factorsOf(deps, journey, connection, first);
  if (factors && provable(journey, connection, first, factors).includes('webauthn')) {
    return assertionOptions(deps, journey, connection, first.userId);
  }
  // An offer goes to who has none; a second factor is set up by who has no other.
  const mayCreate = proven
    ? factors?.webauthn === false
    : await mayEnrol(deps, journey, connection, step.state);
  if (!mayCreate) return undefined;
  const { tenantId } = journey.server.snapshot;
  return deps.domain.passkeys.beginCreation({
    tenantId,
    poolId: connection.poolId,
    userId: first.userId,
  });
}
