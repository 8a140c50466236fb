import { mayAct } from '../../users/account.ts';
import { addressTypeOf } from '../../users/user_key.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import { runCodeStep, type REGISTRATION_STEPS } from '../code_steps.ts';
import type { CodeFrame } from '../codes/frame.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { findCandidate } from './candidate.ts';
import { demandsSecondFactor, methodsOf, offeredConnections } from './connections.ts';
import { firstFactorOf, passFirstFactor } from './first_factor.ts';
import { frameIn } from './recover.ts';

/** Makes an account while signing in: the same steps, and straight on to the application (contract 5.4). */
export async function registerIn(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  page: (typeof REGISTRATION_STEPS)[number],
): Promise<void> {
  const frame = await frameIn(deps, journey, connection);
  const { server, path } = journey;
  const isOneOfSeveral = offeredConnections(server.snapshot).length > 1;
  const crumb = { name: connection.name, color: connection.pool.badgeColor, changeHref: path('pool') };
  await runCodeStep(
    deps,
    {
      ...frame,
      ...(isOneOfSeveral ? { crumb } : {}),
      complete: (person) => goOnAs(deps, journey, connection, person),
    },
    page,
  );
}

/**
 * The code that went to the address was right in this very sign-in, and the account is active by it: that is what
 * the person has proven.
 */
async function goOnAs(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  { typed, userId }: Parameters<NonNullable<CodeFrame['complete']>>[0],
): Promise<void> {
  const candidate = await findCandidate(deps, journey, connection, typed);
  const method = addressTypeOf(typed) === 'mobile' ? 'sms_otp' : 'email_otp';
  const { ctx, path, server } = journey;
  // A second factor follows only one that the pool takes as a first: then the person signs in as always.
  const mayFollow =
    !demandsSecondFactor(connection) || methodsOf(server.snapshot, connection).includes(method);
  if (candidate?.account.userId !== userId || !mayAct(candidate.account) || !mayFollow) {
    ctx.status = 303;
    ctx.redirect(path('sign-in', connection.connectionId));
    return;
  }
  const first = firstFactorOf(candidate.account, method);
  await passFirstFactor(deps, journey, connection, candidate.account, { typed, first });
}
