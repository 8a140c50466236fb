import type { Knex } from 'knex';
import { timeStepOf } from '../../credentials/totp.ts';
import { findTotp } from '../../credentials/totp_store.ts';
import { inTransaction } from '../../db/transaction.ts';
import { invalid, notFound, requireVersion, unauthorized, type ExpectedVersion } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { ProtectedType } from '../../security/attempts.ts';
import type { Sealer } from '../../security/seal.ts';
import { endAccess, type KeptAccess } from '../../sessions/end_access.ts';
import { countGuess, evaluating, type GuessDeps } from '../codes/guess.ts';
import { notifyPerson } from '../notice.ts';
import { putTotp, requireTotpSecret, useTotpCode } from './totp_secret.ts';

import type { UserScope } from '../user.ts';
import { lockUser, touchUser } from '../user_store.ts';

export type TotpChange = { readonly totp: string; readonly newTotpSecret: string };

/** Who changes it. */
export type TotpChanger = {
  readonly by: Actor;
  /** The session and the grant that the person does it with: they stay, all others end. */
  readonly keep?: KeptAccess | undefined;
};

const NOBODYS_SECRET = 'A'.repeat(32);

export type TotpService = ReturnType<typeof createTotpService>;

/** Codes of an authenticator app (contract 5.9). Throws `DomainError`. */
export function createTotpService(deps: GuessDeps & { readonly sealer: Sealer }) {
  const { db, sealer, attempts } = deps;

  const store = async (
    tx: Knex.Transaction,
    scope: UserScope,
    secret: string,
    { by, keep }: TotpChanger,
    isNew: boolean,
  ) => {
    const { tenantId, userId } = scope;
    await putTotp(tx, sealer, scope, secret);
    // What was proven with the old factor, or without one, is to be proven with the new one (rule 27).
    await endAccess(tx, { tenantId, userId, keep }, 'second_factor_changed');
    await touchUser(tx, scope);
    await notifyPerson(tx, sealer, scope, 'new_second_factor', { workspaceId: by.workspaceId });
    await recordAudit(tx, scope, by, {
      subject: 'credential',
      action: isNew ? 'created' : 'updated',
      affected: { userId: scope.userId, poolId: scope.poolId },
      payload: { user_id: scope.userId, type: 'totp' },
    });
  };

  return {
    /** Sets the secret of a person who has none; 422 for who has one. */
    async set(
      scope: UserScope,
      newTotpSecret: string,
      changer: TotpChanger,
      expected?: ExpectedVersion,
    ): Promise<void> {
      requireTotpSecret('/new_totp_secret', newTotpSecret);
      await inTransaction(db, async (tx) => {
        requireVersion(expected, (await lockUser(tx, scope)) ?? absent());
        if ((await findTotp(tx, scope)) !== undefined) {
          throw invalid('', 'there is a secret already: change it with a current code', 'totp_already_set');
        }
        await store(tx, scope, newTotpSecret, changer, true);
      });
    },

    /**
     * Changes the secret of whoever has a current code: 401 for a wrong or a used one, 422 for who has no secret,
     * 429 while blocked.
     */
    async change(
      scope: UserScope,
      { totp, newTotpSecret }: TotpChange,
      guess: { readonly kind: ProtectedType; readonly source: string | undefined },
      changer: TotpChanger,
      expected?: ExpectedVersion,
    ): Promise<void> {
      requireTotpSecret('/new_totp_secret', newTotpSecret);
      const counted = await countGuess(deps, scope, { ...guess, subject: scope.userId });
      const isRight = await evaluating(deps, counted, () =>
        inTransaction(db, async (tx) => {
          requireVersion(expected, (await lockUser(tx, scope)) ?? absent());
          const known = await findTotp(tx, scope);
          if (known === undefined) throw invalid('', 'there is no secret to change: set one', 'totp_not_set');
          // A wrong code is an answer rather than an exception, so that its record stays.
          if (!(await useTotpCode(tx, sealer, scope, known, totp))) {
            await rejected(tx, scope, changer.by);
            return false;
          }
          await store(tx, scope, newTotpSecret, changer, false);
          await attempts.succeedAttempt(tx, counted);
          return true;
        }),
      );
      if (!isRight) throw unauthorized('The code is wrong or was used before', 'totp_wrong');
    },

    /**
     * Whether a code of a person's app is right; it is used up by the answer. For whoever signs people in, who
     * counts the guess first and has looked at the person's status. False for who has no secret.
     */
    async check(scope: UserScope, code: string): Promise<boolean> {
      const known = await findTotp(db.knex, scope);
      if (known !== undefined) return useTotpCode(db.knex, sealer, scope, known, code);
      // The same arithmetic for nobody as for somebody (rule 17).
      await timeStepOf(NOBODYS_SECRET, code, {
        now: Math.floor(Date.now() / 1000),
        afterTimeStep: undefined,
      });
      return false;
    },
  };
}

const rejected = (tx: Knex.Transaction, scope: UserScope, by: Actor): Promise<void> =>
  recordAudit(tx, scope, by, {
    subject: 'totp',
    action: 'rejected',
    affected: { userId: scope.userId, poolId: scope.poolId },
    payload: { user_id: scope.userId, purpose: 'change' },
  });

function absent(): never {
  throw notFound('User');
}
