import { inTransaction } from '../../db/transaction.ts';
import { invalid, notFound } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import { mayBeActedFor } from '../known_user.ts';
import { withProvenCode, type CodeProof, type ProveCodeDeps } from './prove_code.ts';
import { sendCode, type SendCodeDeps } from './send_code.ts';
import type { UserScope } from '../user.ts';
import { addressKeyOf, destinationFor, lookupKeysOf, type UserKey } from '../user_key.ts';
import { findKnownUser, isProvenByAnother } from '../known_user_store.ts';

export type ChallengeService = ReturnType<typeof createChallengeService>;

type Request = {
  readonly by: Actor;
  readonly source: string | undefined;
  readonly workspaceId?: string | undefined;
};

/** A code to somebody's address, and whether what they bring back is that code (contract 5.5). */
export function createChallengeService(deps: SendCodeDeps & ProveCodeDeps) {
  const { db } = deps;

  async function verify(
    scope: PoolScope,
    type: 'challenge' | 'authentication',
    proof: Pick<CodeProof, 'code' | 'key' | 'by' | 'source' | 'flow'>,
  ): Promise<{ userId: string }> {
    const asked: CodeProof = { ...proof, type, counts: 'identity_code_verify', mayUse: mayBeActedFor };
    return withProvenCode(deps, scope, asked, ({ known, code, consume }) =>
      inTransaction(db, async (tx) => {
        await consume(tx);
        await recordAudit(tx, scope, proof.by, {
          subject: 'otp',
          action: 'accepted',
          affected: { userId: known.userId, poolId: scope.poolId },
          payload: { otp_id: code.codeId, user_id: known.userId, purpose: type },
        });
        return { userId: known.userId };
      }),
    );
  }

  return {
    /** Sends a challenge to whoever the key names, if anybody. Never says. */
    async request(scope: PoolScope, key: UserKey, { by, source, workspaceId }: Request): Promise<void> {
      const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
      const keys = lookupKeysOf(key, pool);
      const known = await findKnownUser(db.knex, scope, keys);
      const address = destinationFor(known, keys);
      const to = known && address && mayBeActedFor(known) ? { known, address } : undefined;
      const typed = keys.addressKey ?? (keys.identifierKey || keys.userId);
      await sendCode(deps, { pool, type: 'challenge', to, typed, form: 'code', workspaceId, by, source });
    },

    /** The same for an administrator, who is told what is wrong: the address may be unproven (contract 8.5). */
    async requestFor(scope: UserScope, address: string, { by, workspaceId }: Request): Promise<void> {
      const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
      const keys = lookupKeysOf({ userId: scope.userId, address }, pool);
      const known = (await findKnownUser(db.knex, scope, keys)) ?? absent('User');
      const to = destinationFor(known, keys) ?? absent('Address');
      if (!mayBeActedFor(known))
        throw invalid('', 'only an active person can be challenged', 'user_not_active');
      if (!to.verified && (await isProvenByAnother(db.knex, scope, to.lookupKey))) {
        throw invalid('/address', 'belongs to someone else in this pool', 'address_taken');
      }
      await sendCode(deps, {
        pool,
        type: 'challenge',
        to: { known, address: to },
        typed: addressKeyOf(address),
        form: 'code',
        workspaceId,
        byAdministrator: true,
        by,
        source: undefined,
      });
    },

    /** Whose challenge this code answers. 401 otherwise, whoever is named. */
    verify: (scope: PoolScope, proof: Pick<CodeProof, 'code' | 'key' | 'by' | 'source'>) =>
      verify(scope, 'challenge', proof),

    /** The same for an administrator, who may know whether the person is there: 404. */
    async verifyFor(
      scope: UserScope,
      proof: Pick<CodeProof, 'code' | 'by' | 'source'>,
    ): Promise<{ userId: string }> {
      const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
      const key = { userId: scope.userId };
      if ((await findKnownUser(db.knex, scope, lookupKeysOf(key, pool))) === undefined) absent('User');
      return verify({ tenantId: scope.tenantId, poolId: scope.poolId }, 'challenge', { ...proof, key });
    },

    /** The same for the code of a sign-in; `flow` is the sign-in it belongs to. */
    verifyAuthentication: (
      scope: PoolScope,
      proof: Pick<CodeProof, 'code' | 'key' | 'by' | 'source' | 'flow'>,
    ) => verify(scope, 'authentication', proof),
  };
}

function absent(what: string): never {
  throw notFound(what);
}
