import {
  hashRecoveryCode,
  matchesRecoveryCode,
  newRecoveryCode,
  readRecoveryCode,
  RECOVERY_CODES,
} from '../../credentials/recovery_codes.ts';
import {
  deleteRecoveryCode,
  listRecoveryCodes,
  replaceRecoveryCodes,
} from '../../credentials/recovery_codes_store.ts';
import type { Database } from '../../db/connection.ts';
import { inTransaction } from '../../db/transaction.ts';
import { notFound } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { Sealer } from '../../security/seal.ts';
import { notifyPerson } from '../notice.ts';
import type { UserScope } from '../user.ts';
import { lockUser, touchUser } from '../user_store.ts';

export type RecoveryCodeDeps = { readonly db: Database; readonly sealer: Sealer };

export type RecoveryCodeService = ReturnType<typeof createRecoveryCodeService>;

/** Codes on paper, for whoever has lost their second factor: ten, each good once. Throws `DomainError`. */
export function createRecoveryCodeService({ db, sealer }: RecoveryCodeDeps) {
  return {
    /**
     * Gives a person ten new codes; all earlier ones are void. They are in the answer and nowhere else: whoever
     * asks shows them once. The caller has seen to a recent sign-in. The person is told, unless the codes come with a
     * second factor of which they are told.
     */
    async issue(scope: UserScope, by: Actor, { withFactor = false } = {}): Promise<string[]> {
      const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
      await inTransaction(db, async (tx) => {
        if ((await lockUser(tx, scope)) === undefined) throw notFound('User');
        await replaceRecoveryCodes(
          tx,
          scope,
          codes.map((code) => hashRecoveryCode(sealer, scope, code)),
        );
        await touchUser(tx, scope);
        if (!withFactor) {
          await notifyPerson(tx, sealer, scope, 'new_recovery_codes', { workspaceId: by.workspaceId });
        }
        await recordAudit(tx, scope, by, {
          subject: 'credential',
          action: 'created',
          affected: { userId: scope.userId, poolId: scope.poolId },
          payload: { user_id: scope.userId, type: 'recovery_codes' },
        });
      });
      return codes;
    },

    /** How many codes a person has left. */
    async count(scope: UserScope): Promise<number> {
      return (await listRecoveryCodes(db.knex, scope)).length;
    },

    /**
     * Whether a code is one of the person's; it is used up by the answer, and the person is told. For whoever signs
     * people in, who counts the guess first and has looked at the person's status.
     */
    async use(scope: UserScope, typed: string, by: Actor): Promise<boolean> {
      const plain = readRecoveryCode(typed);
      if (plain === undefined) return false;
      return inTransaction(db, async (tx) => {
        const stored = await listRecoveryCodes(tx, scope);
        const found = stored.filter((hash) => matchesRecoveryCode(sealer, scope, plain, hash))[0];
        if (found === undefined || !(await deleteRecoveryCode(tx, scope, found))) return false;
        await notifyPerson(tx, sealer, scope, 'recovery_used', { workspaceId: by.workspaceId });
        await recordAudit(tx, scope, by, {
          subject: 'credential',
          action: 'used',
          affected: { userId: scope.userId, poolId: scope.poolId },
          payload: { user_id: scope.userId, type: 'recovery_codes', left: stored.length - 1 },
        });
        return true;
      });
    },
  };
}
