import { inTransaction } from '../../db/transaction.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { CodeType } from '../../credentials/codes.ts';
import type { PoolScope } from '../../pools/pool.ts';
import { withProvenCode, type ProveCodeDeps } from './prove_code.ts';

export type CodeInspectionService = ReturnType<typeof createCodeInspectionService>;

export type InspectedCode = {
  readonly userId: string;
  readonly type: CodeType;
  readonly passwordSet: boolean;
  /** Where an activated person goes on, if whoever invited them said so. */
  readonly postActivationUrl: string | undefined;
};

/** What a link is good for, so that a page can ask for the right thing (contract 5.1). */
export function createCodeInspectionService(deps: ProveCodeDeps) {
  return {
    /** Reads the long form of a code and leaves it as it is. 401 for one that is not living. */
    async inspect(
      scope: PoolScope,
      {
        code,
        by,
        source,
      }: { readonly code: string; readonly by: Actor; readonly source: string | undefined },
    ): Promise<InspectedCode> {
      const asked = { code, by, source, type: undefined, key: {}, counts: 'identity_code_inspect' } as const;
      const looksOnly = { ...asked, mayUse: () => true };
      return withProvenCode(deps, scope, looksOnly, async ({ known, code: found, settle }) => {
        await inTransaction(deps.db, async (tx) => {
          await settle(tx);
          await recordAudit(tx, scope, by, {
            subject: 'otp_inspect',
            action: 'succeeded',
            affected: { userId: known.userId, poolId: scope.poolId },
            payload: { otp_id: found.codeId, user_id: known.userId, purpose: found.type },
          });
        });
        const url = found.metadata.post_activation_url;
        return {
          userId: known.userId,
          type: found.type,
          passwordSet: known.passwordSet,
          postActivationUrl: typeof url === 'string' ? url : undefined,
        };
      });
    },
  };
}
