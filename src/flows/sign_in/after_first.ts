import { findAccount } from '../../users/account_store.ts';
import { type Account, mayAct } from '../../users/account.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FormFields } from '../../http/form_body.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { findCandidate } from './candidate.ts';
import { methodsOf } from './connections.ts';
import type { Proof } from './factors.ts';
import { demandNewPassword } from './must_change.ts';
import { finishOrOffer } from './passkey_offer_page.ts';
import { type FirstFactor, readStateForm, type SignInState, startAgain } from './state.ts';

// Whoever takes longer proves the first factor again.
const GOOD_FOR_MS = 10 * 60_000;

export type AfterFirst = {
  readonly form: FormFields;
  readonly state: SignInState & { readonly first: FirstFactor };
  readonly account: Account;
};

/**
 * Reads a form of a step after the first factor, and the person as they are now. Undefined when they have to begin
 * again, and were sent there: nothing was proven in this sign-in, it was long ago, the person or what they sign in
 * with has changed since, or the pool does not take that first factor any more (rules 25, 29).
 */
export async function readAfterFirst(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
): Promise<AfterFirst | undefined> {
  const step = await checkAfterFirst(
    deps,
    journey,
    connection,
    await readStateForm(deps, journey, connection),
  );
  if (step === undefined) startAgain(journey, connection);
  return step;
}

/** The same for a form that was read. */
export async function checkAfterFirst(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  { form, state }: { readonly form: FormFields; readonly state: SignInState | undefined },
): Promise<AfterFirst | undefined> {
  const first = state?.first;
  const account = first && (await accountNow(deps, journey, connection, first));
  return state && first && account ? { form, state: { ...state, first }, account } : undefined;
}

async function accountNow(
  { db }: FlowDeps,
  { server: { snapshot } }: Journey,
  connection: ConnectedPool,
  { userId, method, at, version }: FirstFactor,
): Promise<Account | undefined> {
  if (at + GOOD_FOR_MS < Date.now() || !methodsOf(snapshot, connection).includes(method)) return undefined;
  const account = await findAccount(db.knex, snapshot.tenantId, userId, { wide: snapshot.wideAccounts });
  const isSame = mayAct(account) && account.poolId === connection.poolId && account.updatedAt === version;
  return isSame ? account : undefined;
}

/** Both factors are proven: the password is replaced first where it must be, else the sign-in is done. */
export async function passSecondFactor(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  account: Account,
  {
    typed,
    first,
    second,
  }: Pick<SignInState, 'typed'> & { readonly first: FirstFactor; readonly second: Proof },
): Promise<void> {
  if (first.mustChange === true) {
    const candidate = await findCandidate(deps, journey, connection, typed);
    if (candidate?.account.userId !== account.userId) return startAgain(journey, connection);
    return demandNewPassword(deps, journey, connection, { typed, candidate, second });
  }
  const proven = { methods: [first.method, second] };
  return finishOrOffer(deps, journey, connection, account, { typed, first, proven });
}
