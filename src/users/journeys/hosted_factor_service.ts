import { relyingPartyOf } from '../../credentials/passkeys.ts';
import type { RegistrationResponseJSON } from '../../credentials/passkey_ceremony.ts';
import { giveTryBack } from '../../credentials/codes_check.ts';
import { timeStepOf } from '../../credentials/totp.ts';
import { findTotp } from '../../credentials/totp_store.ts';
import { inTransaction } from '../../db/transaction.ts';
import { invalid, notFound, unauthorized } from '../../domain_error.ts';
import type { PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import type { FactorRecoveryService, RecoveredFactor } from './factor_recovery_service.ts';
import { findFactors } from '../factors/factors_store.ts';
import { countGuess, evaluating } from '../codes/guess.ts';
import type { MessageWish, PresentedCode } from '../codes/hosted_code_service.ts';
import { mayBeActedFor } from '../known_user.ts';
import { takeCreation } from '../factors/passkey_creation.ts';
import { requirePassword, type PasswordCheckDeps } from '../factors/password_check.ts';
import { isNewPassword } from '../factors/password_holder_store.ts';
import { withProvenCode, type CodeProof, type ProveCodeDeps, type Proven } from '../codes/prove_code.ts';
import { useTotpCode } from '../factors/totp_secret.ts';
import { keyOfTyped } from '../typed_name.ts';

export type HostedFactorService = ReturnType<typeof createHostedFactorService>;

/** What somebody has to prove besides the code of the message, before they get a new factor. */
export type AccountToRecover = {
  readonly userId: string;
  /** What the app or the passkey is named after. */
  readonly signInName: string;
  readonly asksPassword: boolean;
  readonly asksTotp: boolean;
  /** The message alone would be both factors: only an administrator helps, or time. */
  readonly isRefused: boolean;
};

/**
 * A lost authenticator app or passkey on the hosted pages (contract 5.9, 5.10). The message proves one thing; what
 * the person still has proves the other, so that a mailbox alone never replaces a second factor.
 */
export function createHostedFactorService(
  deps: ProveCodeDeps &
    PasswordCheckDeps & { readonly publicUrl: string; readonly factorRecovery: FactorRecoveryService },
) {
  const { db, sealer, factorRecovery } = deps;
  const party = relyingPartyOf(deps.publicUrl);

  async function proofOf(
    scope: PoolScope,
    type: RecoveredFactor,
    { code, typed, by, source }: PresentedCode,
  ): Promise<CodeProof> {
    const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
    const key = typed === undefined ? {} : await keyOfTyped(db.knex, scope, pool, typed);
    return { code, key, by, source, type, counts: 'identity_set_credential', mayUse: mayBeActedFor };
  }

  async function look(
    scope: PoolScope,
    type: RecoveredFactor,
    { pool, known }: Proven,
  ): Promise<AccountToRecover> {
    const { userId } = known;
    const factors = (await findFactors(db.knex, { ...scope, userId })) ?? absent('User');
    const hasSecondStep = pool.secondFactorAuthenticationMechanisms.length > 0;
    const asksPassword = factors.password && pool.authenticationMechanisms.includes('password');
    const asksTotp = type === 'enroll_webauthn' && hasSecondStep && factors.totp;
    const isByMailAlone =
      !asksTotp && (!asksPassword || (await isNewPassword(db.knex, { ...scope, userId })));
    return {
      userId,
      signInName: known.identifiers[0]?.identifier ?? known.addresses[0]?.address ?? userId,
      asksPassword,
      asksTotp,
      // Who has no second factor yet sets one up at the next sign-in: there is nothing to get around.
      isRefused: hasSecondStep && isByMailAlone && (factors.totp || factors.webauthn),
    };
  }

  return {
    /** Sends the message, if somebody is to get one. Never says. */
    async request(scope: PoolScope, type: RecoveredFactor, { typed, ...wish }: MessageWish): Promise<void> {
      const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
      const key = await keyOfTyped(db.knex, scope, pool, typed);
      const request = { ...wish, form: 'link' } as const;
      if (type === 'reset_totp') await factorRecovery.requestTotp(scope, key, request);
      else await factorRecovery.requestPasskey(scope, key, request);
    },

    /** What is asked for besides a code, which stays as it is. 401 as for using it. */
    async lookAt(
      scope: PoolScope,
      type: RecoveredFactor,
      presented: PresentedCode,
    ): Promise<AccountToRecover> {
      return withProvenCode(deps, scope, await proofOf(scope, type, presented), async (proven) => {
        const account = await look(scope, type, proven);
        await inTransaction(db, (tx) => proven.settle(tx));
        await giveTryBack(db.knex, scope, proven.code);
        return account;
      });
    },

    /** Proves what the account asks for besides. 401 for what is wrong, 429 while blocked. */
    async prove(
      scope: PoolScope,
      { userId, asksPassword, asksTotp }: AccountToRecover,
      given: { readonly password: string; readonly totp: string },
      { by, source }: Pick<PresentedCode, 'by' | 'source'>,
    ): Promise<void> {
      const userScope = { ...scope, userId };
      if (asksPassword) {
        const question = { key: { userId }, password: given.password, source };
        const { state } = await requirePassword(deps, scope, question, by);
        if (state !== 'valid') throw wrong();
      }
      if (!asksTotp) return;
      const counted = await countGuess(deps, scope, { kind: 'mfa', subject: userId, source });
      const known = await findTotp(db.knex, userScope);
      const isRight = await evaluating(
        deps,
        counted,
        async () => known !== undefined && useTotpCode(db.knex, sealer, userScope, known, given.totp),
      );
      if (!isRight) throw wrong();
      await deps.attempts.succeedAttempt(db.knex, counted);
    },

    /** Puts a new secret in place, once its app has shown a right code (S-TOTP-02). 422 for a wrong one. */
    async setTotp(
      scope: PoolScope,
      presented: PresentedCode,
      { secret, code }: { readonly secret: string; readonly code: string },
    ): Promise<void> {
      const now = Math.floor(Date.now() / 1000);
      if ((await timeStepOf(secret, code, { now, afterTimeStep: undefined })) === undefined) {
        throw invalid('/code', 'is not what the app shows', 'totp_wrong');
      }
      const proof = await proofOf(scope, 'reset_totp', presented);
      const { userId } = await factorRecovery.completeTotp(scope, { ...proof, newTotpSecret: secret });
      // It has done its work: it signs nobody in.
      const known = await findTotp(db.knex, { ...scope, userId });
      if (known !== undefined) await useTotpCode(db.knex, sealer, { ...scope, userId }, known, code);
    },

    /** Puts the key of an authenticator's answer in place. 422 for an answer that fails. */
    async setPasskey(
      scope: PoolScope,
      presented: PresentedCode,
      answer: RegistrationResponseJSON,
    ): Promise<void> {
      const proof = await proofOf(scope, 'enroll_webauthn', presented);
      await factorRecovery.completeCeremony(scope, proof, async (tx, userScope) => {
        const taken = await takeCreation(tx, party, userScope, answer);
        if (typeof taken === 'string') throw invalid('', 'the passkey was refused', 'passkey_refused');
      });
    },
  };
}

const wrong = () => unauthorized('What was given does not prove the person', 'proof_wrong');

function absent(what: string): never {
  throw notFound(what);
}
