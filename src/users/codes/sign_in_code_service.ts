import { consumeCode, findCode } from '../../credentials/codes_check.ts';
import { inTransaction } from '../../db/transaction.ts';
import { notFound } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import { mayBeActedFor } from '../known_user.ts';
import { findKnownUser } from '../known_user_store.ts';
import { sendCode, type SendCodeDeps } from './send_code.ts';
import { addressKeyOf, lookupKeysOf, type KnownAddress, type KnownUser } from '../user_key.ts';

export type SignInCodeService = ReturnType<typeof createSignInCodeService>;

export type SignInCodeWish = {
  /** By the name that was typed; by id once a first factor has said who it is. */
  readonly whom: { readonly identifier: string } | { readonly userId: string };
  readonly channel: 'email' | 'mobile';
  /** The running sign-in, and the step of it: a code is good for nothing else. */
  readonly flow: string;
  readonly workspaceId: string;
  readonly by: Actor;
  readonly source: string;
};

/** Codes that a person signs in with, by mail and by text message (contract 5.5). */
export function createSignInCodeService(deps: SendCodeDeps) {
  const { db, sealer } = deps;
  return {
    /**
     * Sends a code to whoever is meant, if they may sign in and have proven an address of that kind. Never says:
     * for everybody else the same statements run (rule 17).
     */
    async request(scope: PoolScope, wish: SignInCodeWish): Promise<void> {
      const { whom, channel, flow, workspaceId, by, source } = wish;
      const pool = await findPool(db.knex, scope);
      if (pool === undefined) throw notFound('Pool');
      const keys = lookupKeysOf(whom, pool);
      const known = await findKnownUser(db.knex, scope, keys);
      const address = known && destination(known, channel, keys.identifierKey);
      const to = known && address && mayBeActedFor(known) ? { known, address } : undefined;
      const typed = keys.identifierKey || keys.userId;
      const asked = { pool, type: 'authentication', to, typed, form: 'code' } as const;
      await sendCode(deps, { ...asked, flow, workspaceId, by, source });
    },

    /**
     * Whether a code is the one of this person and step; it is used up by the answer. For whoever signs people in,
     * who counts the guess first and asks for nobody ('') in the place of people who may not sign in.
     */
    async accept(
      scope: PoolScope,
      { userId, code, flow, by }: { userId: string; code: string; flow: string; by: Actor },
    ): Promise<boolean> {
      const question = { code, type: 'authentication', userId, flow } as const;
      const found = await findCode(db.knex, sealer, scope, question);
      if (found === undefined) return false;
      return inTransaction(db, async (tx) => {
        if (!(await consumeCode(tx, scope, found))) return false;
        await recordAudit(tx, scope, by, {
          subject: 'otp',
          action: 'accepted',
          affected: { userId, poolId: scope.poolId },
          payload: { otp_id: found.codeId, user_id: userId, purpose: 'authentication' },
        });
        return true;
      });
    },
  };
}

/** The proven address of that kind that was typed as the name, else the oldest one. */
function destination(
  { addresses }: KnownUser,
  channel: 'email' | 'mobile',
  identifierKey: string,
): KnownAddress | undefined {
  const usable = addresses.filter(
    ({ type, verified, status }) => type === channel && verified && status === 'active',
  );
  return usable.find(({ lookupKey }) => lookupKey === addressKeyOf(identifierKey)) ?? usable[0];
}
