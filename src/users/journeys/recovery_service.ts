import type { Knex } from 'knex';
import type { HashQueue } from '../../credentials/hash_queue.ts';
import { inTransaction } from '../../db/transaction.ts';
import { forbidden, invalid, notFound, type ExpectedVersion } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { FreeMap } from '../../free_map.ts';
import type { PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import { endAccess } from '../../sessions/end_access.ts';
import { mayBeActedFor } from '../known_user.ts';
import { hashNewPassword } from '../factors/new_password.ts';
import { notifyPerson } from '../notice.ts';
import { putPassword } from '../factors/password_store.ts';
import { refused, withProvenCode, type ProveCodeDeps } from '../codes/prove_code.ts';
import { holdPerson, markProven, sentTo } from '../codes/proven_address.ts';
import { deleteOtherFactors } from '../codes/proven_address_store.ts';
import { sendCode, type CodeForm, type SendCodeDeps } from '../codes/send_code.ts';
import type { UserScope } from '../user.ts';
import { addressKeyOf, destinationFor, lookupKeysOf, type KnownUser, type UserKey } from '../user_key.ts';
import { findKnownUser } from '../known_user_store.ts';

export type RecoveryService = ReturnType<typeof createRecoveryService>;

export type RecoveryRequest = {
  readonly form: CodeForm;
  readonly workspaceId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly by: Actor;
  readonly source: string | undefined;
};

export type PasswordReset = {
  readonly code: string;
  readonly newPassword: string;
  readonly key: UserKey;
  readonly expected?: ExpectedVersion;
  readonly by: Actor;
  readonly source: string | undefined;
};

/** A new password for somebody who has lost theirs (contract 5.6). */
export function createRecoveryService(
  deps: SendCodeDeps & ProveCodeDeps & { readonly hashQueue: HashQueue },
) {
  const { db, sealer, attempts } = deps;

  /**
   * Uses the code up and puts the password in place; everything else that opened the account ends with it. Gives what
   * was kept with the code.
   */
  async function replacePassword(scope: PoolScope, reset: PasswordReset): Promise<FreeMap> {
    const { code, key, by, source, newPassword } = reset;
    const asked = {
      code,
      key,
      by,
      source,
      type: 'reset_password',
      counts: 'identity_confirm_password',
    } as const;
    return withProvenCode(deps, scope, { ...asked, mayUse: mayBeActedFor }, async (proven) => {
      const { pool, known } = proven;
      const address = sentTo(known, proven.code.addressKey);
      // Who no longer has the address it went to has no more claim to the account.
      if (address === undefined && proven.code.addressKey !== null) throw refused();
      const user = {
        userId: known.userId,
        identifiers: known.identifiers.map(({ identifier }) => identifier),
        payload: known.payload,
      };
      const given = { password: newPassword, mustBeChanged: false, mustBeReset: false };
      const hashed = await hashNewPassword(deps, db.knex, pool, given, {
        pointer: '/new_password',
        user,
        source,
      });
      const userScope = { ...scope, userId: known.userId };
      await inTransaction(db, async (tx) => {
        const { status } = await holdPerson(tx, userScope, { address, expected: reset.expected });
        if (status !== 'active') throw refused();
        await proven.consume(tx);
        await putPassword(tx, userScope, hashed);
        if (address !== undefined) await proveOwner(tx, userScope, known, address);
        await endAccess(tx, { tenantId: scope.tenantId, userId: known.userId }, 'password_reset');
        await forgetFailures(tx, userScope);
        await notifyPerson(tx, sealer, userScope, 'password_changed');
        await recordAudit(tx, scope, by, {
          subject: 'password',
          action: 'confirmed',
          affected: { userId: known.userId, poolId: scope.poolId },
          payload: { user_id: known.userId, otp_id: proven.code.codeId },
        });
      });
      return proven.code.metadata;
    });
  }

  /** The account is the person's again: what a stranger guessed before does not lock them out. */
  async function forgetFailures(
    tx: Knex.Transaction,
    { tenantId, poolId, userId }: UserScope,
  ): Promise<void> {
    for (const kind of ['identity_authentication', 'identity_verify_password'] as const) {
      await attempts.forgetAccount(tx, { tenantId, poolId, kind, subject: userId });
    }
  }

  return {
    /** Sends a reset code to a person's own address, if there is such a person. Never says. */
    async request(
      scope: PoolScope,
      key: UserKey,
      { form, workspaceId, clientId, by, source }: RecoveryRequest,
    ): Promise<void> {
      const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
      const keys = lookupKeysOf(key, pool);
      const known = await findKnownUser(db.knex, scope, keys);
      const address = destinationFor(known, keys);
      const selfReset = !pool.resetCredentialsSettings.doNotAllowUsersToSelfResetCredentials;
      const to = selfReset && known && address && mayBeActedFor(known) ? { known, address } : undefined;
      const typed = keys.addressKey ?? '';
      const request = { pool, to, typed, form, workspaceId, clientId, by, source };
      await sendCode(deps, { ...request, type: 'reset_password' });
    },

    /** The same for an administrator: to any address of the person, and with a word on what is wrong. */
    async requestFor(
      scope: UserScope,
      address: string,
      { form, workspaceId, by }: Omit<RecoveryRequest, 'source'>,
    ): Promise<void> {
      const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
      const keys = lookupKeysOf({ userId: scope.userId, address }, pool);
      const known = (await findKnownUser(db.knex, scope, keys)) ?? absent('User');
      const to = destinationFor(known, keys);
      if (to === undefined)
        throw invalid('/address', 'is no address of this person in use', 'address_unknown');
      if (!mayBeActedFor(known))
        throw invalid('', 'only an active person has a password to reset', 'user_not_active');
      await sendCode(deps, {
        pool,
        type: 'reset_password',
        to: { known, address: to },
        typed: addressKeyOf(address),
        form,
        workspaceId,
        byAdministrator: true,
        by,
        source: undefined,
      });
    },

    /** Sets the new password. 401 for a code that is not good for it, 422 with every rule the password fails. */
    complete: replacePassword,

    /** The same for anybody without a token: 403 where the pool leaves resets to administrators. */
    async completeInPublic(scope: PoolScope, reset: PasswordReset): Promise<void> {
      const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
      if (pool.resetCredentialsSettings.doNotAllowUsersToSelfResetCredentials) {
        throw forbidden(
          'People in this pool may not reset their password themselves',
          'self_reset_not_allowed',
        );
      }
      await replacePassword(scope, reset);
    },
  };
}

/**
 * Whoever holds the address holds the account. Where nobody had proven any address before, whoever made its other
 * factors may be a stranger who was here first: they go (rule 28).
 */
async function proveOwner(
  tx: Knex.Transaction,
  scope: UserScope,
  known: KnownUser,
  address: KnownUser['addresses'][number],
): Promise<void> {
  const wasProven = known.addresses.some(({ verified }) => verified);
  await markProven(tx, scope, address);
  if (!wasProven) await deleteOtherFactors(tx, scope);
}

function absent(what: string): never {
  throw notFound(what);
}
