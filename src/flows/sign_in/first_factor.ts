import { wantsTwoFactors } from '../../oidc/acr.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import type { CountedTry } from '../../security/attempts.ts';
import type { Account } from '../../users/account.ts';
import type { SignInCandidate } from '../../users/account_store.ts';
import { rehashLater } from '../../users/factors/rehash.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { finishSignIn } from './complete.ts';
import { demandsSecondFactor } from './connections.ts';
import { isRememberedDevice } from './device_cookie.ts';
import type { Proof } from './factors.ts';
import { finishOrOffer } from './passkey_offer_page.ts';
import { askSecondFactor } from './second_factor_page.ts';
import type { FirstFactor } from './state.ts';

/** What is kept of a first factor until the second is proven. */
export const firstFactorOf = (
  { userId, updatedAt }: Account,
  method: FirstFactor['method'],
  more: Pick<FirstFactor, 'isVerifiedPasskey' | 'mustChange' | 'takesPasskeys'> = {},
): FirstFactor => ({ userId, method, at: Date.now(), version: updatedAt, ...more });

/** A first factor was proven, whichever it is: asks for the second where one is due, or goes on (T-610). */
export async function passFirstFactor(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  account: Account,
  { typed, first }: { readonly typed: string; readonly first: FirstFactor },
): Promise<void> {
  if (await needsSecondFactor(deps, journey, connection, first)) {
    return askSecondFactor(deps, journey, connection, { typed, first });
  }
  const { method, isVerifiedPasskey } = first;
  const proven = { methods: [method], isVerifiedPasskey };
  return finishOrOffer(deps, journey, connection, account, { typed, first, proven });
}

/** The password was right and opens the account: the same, for whoever has counted the guess. */
export async function passPassword(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  { account, password: stored }: SignInCandidate,
  proof: {
    readonly typed: string;
    readonly counted: CountedTry;
    readonly password: string;
    readonly rehash: boolean;
    readonly takesPasskeys?: boolean | undefined;
    /** Proven already, where the password had to be changed in between. */
    readonly second?: Proof | undefined;
  },
): Promise<void> {
  await deps.attempts.succeedAttempt(deps.db.knex, proof.counted);
  if (proof.rehash && stored) {
    const scope = { tenantId: journey.server.snapshot.tenantId, poolId: account.poolId };
    const rehashing = { knex: deps.db.knex, hashQueue: deps.hashQueue };
    currentUnit().afterCommit(() =>
      rehashLater(
        rehashing,
        scope,
        { userId: account.userId, ...stored },
        proof.password,
        connection.pool.hashingMethod,
      ),
    );
  }
  if (proof.second !== undefined) {
    return finishSignIn(deps, journey, connection, account, { methods: ['password', proof.second] });
  }
  const { typed, takesPasskeys } = proof;
  return passFirstFactor(deps, journey, connection, account, {
    typed,
    first: firstFactorOf(account, 'password', { takesPasskeys }),
  });
}

/** Whether something is to be proven besides; a remembered browser does without, unless the application asks. */
export async function needsSecondFactor(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  { userId, isVerifiedPasskey = false }: FirstFactor,
): Promise<boolean> {
  if (!demandsSecondFactor(connection) || isVerifiedPasskey) return false;
  if (wantsTwoFactors(journey.interaction.params.acr_values)) return true;
  if (connection.pool.rememberedSeconds === 0) return true;
  const { tenantId } = journey.server.snapshot;
  return !(await isRememberedDevice(deps, journey, { tenantId, poolId: connection.poolId, userId }));
}
