import type { Knex } from 'knex';
import type { PasskeyRecord } from '../../credentials/passkey_record.ts';
import { inTransaction } from '../../db/transaction.ts';
import { notFound, type ExpectedVersion } from '../../domain_error.ts';
import type { AuditEvent } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { Template } from '../../messages/enqueue.ts';
import type { PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import { endAccess } from '../../sessions/end_access.ts';
import { mayBeActedFor } from '../known_user.ts';
import { findKnownUser } from '../known_user_store.ts';
import { notifyPerson } from '../notice.ts';
import { addPasskeys, requirePasskeyRecords } from '../factors/passkey_keys.ts';
import { refused, withProvenCode, type CodeProof, type ProveCodeDeps } from '../codes/prove_code.ts';
import { holdPerson, sentTo } from '../codes/proven_address.ts';
import type { RecoveryRequest } from './recovery_service.ts';
import { sendCode, type SendCodeDeps } from '../codes/send_code.ts';
import { putTotp, requireTotpSecret } from '../factors/totp_secret.ts';
import { touchUser } from '../user_store.ts';
import type { UserScope } from '../user.ts';
import { destinationFor, lookupKeysOf, type UserKey } from '../user_key.ts';

export type FactorRecoveryService = ReturnType<typeof createFactorRecoveryService>;

/** What can be lost: each has a type of code. */
export type RecoveredFactor = 'reset_totp' | 'enroll_webauthn';
export type FactorProof = Pick<CodeProof, 'code' | 'key' | 'by' | 'source'> & {
  readonly expected?: ExpectedVersion;
};

const DONE: Readonly<
  Record<RecoveredFactor, Pick<AuditEvent, 'subject' | 'action'> & { readonly notice: Template }>
> = {
  reset_totp: { subject: 'totp', action: 'reset_completed', notice: 'new_second_factor' },
  enroll_webauthn: { subject: 'webauthn', action: 'add_completed', notice: 'new_passkey' },
};

/** A new authenticator app or passkey for somebody who has lost theirs, by a code (contract 5.9, 5.10). */
export function createFactorRecoveryService(deps: SendCodeDeps & ProveCodeDeps) {
  const { db, sealer, publicUrl } = deps;

  async function request(
    scope: PoolScope,
    type: RecoveredFactor,
    key: UserKey,
    { form, workspaceId, by, source }: RecoveryRequest,
  ): Promise<void> {
    const pool = (await findPool(db.knex, scope)) ?? absentPool();
    const keys = lookupKeysOf(key, pool);
    const known = await findKnownUser(db.knex, scope, keys);
    const address = destinationFor(known, keys);
    const selfReset = !pool.resetCredentialsSettings.doNotAllowUsersToSelfResetCredentials;
    const to = selfReset && known && address && mayBeActedFor(known) ? { known, address } : undefined;
    const typed = keys.addressKey ?? '';
    await sendCode(deps, { pool, type, to, typed, form, workspaceId, by, source });
  }

  /** Uses the code up, puts the factor in place and tells the person. */
  async function complete(
    scope: PoolScope,
    type: RecoveredFactor,
    proof: FactorProof,
    put: (tx: Knex.Transaction, scope: UserScope) => Promise<void>,
  ): Promise<{ readonly userId: string }> {
    const { expected, ...rest } = proof;
    const asked = { ...rest, type, counts: 'identity_set_credential', mayUse: mayBeActedFor } as const;
    return withProvenCode(deps, scope, asked, async ({ known, code, consume }) => {
      const address = sentTo(known, code.addressKey);
      if (address === undefined && code.addressKey !== null) throw refused();
      const userScope = { ...scope, userId: known.userId };
      await inTransaction(db, async (tx) => {
        const { status } = await holdPerson(tx, userScope, { address, expected });
        if (status !== 'active') throw refused();
        await consume(tx);
        await put(tx, userScope);
        await touchUser(tx, userScope);
        const { notice, ...event } = DONE[type];
        await notifyPerson(tx, sealer, userScope, notice);
        await recordAudit(tx, scope, proof.by, {
          ...event,
          affected: { userId: known.userId, poolId: scope.poolId },
          payload: { user_id: known.userId, otp_id: code.codeId },
        });
      });
      return { userId: known.userId };
    });
  }

  return {
    /** Never says whether anything was sent. */
    requestTotp: (scope: PoolScope, key: UserKey, request_: RecoveryRequest) =>
      request(scope, 'reset_totp', key, request_),
    requestPasskey: (scope: PoolScope, key: UserKey, request_: RecoveryRequest) =>
      request(scope, 'enroll_webauthn', key, request_),

    /** 401 for a code that is not good for it, 422 for what is no secret. */
    async completeTotp(
      scope: PoolScope,
      proof: FactorProof & { readonly newTotpSecret: string },
    ): Promise<{ readonly userId: string }> {
      requireTotpSecret('/new_totp_secret', proof.newTotpSecret);
      const { newTotpSecret, ...rest } = proof;
      return complete(scope, 'reset_totp', rest, async (tx, userScope) => {
        await putTotp(tx, sealer, userScope, newTotpSecret);
        await endAll(tx, userScope);
      });
    },

    /** A new passkey by a ceremony of ours, which `put` concludes. */
    completeCeremony: (
      scope: PoolScope,
      proof: FactorProof,
      put: (tx: Knex.Transaction, scope: UserScope) => Promise<void>,
    ): Promise<{ readonly userId: string }> =>
      complete(scope, 'enroll_webauthn', proof, async (tx, userScope) => {
        await put(tx, userScope);
        await endAll(tx, userScope);
      }),

    async completePasskey(
      scope: PoolScope,
      proof: FactorProof & { readonly passkey: PasskeyRecord },
    ): Promise<void> {
      const { passkey, ...rest } = proof;
      const keys = requirePasskeyRecords(publicUrl, [passkey], '/new_web_authn');
      await complete(scope, 'enroll_webauthn', rest, (tx, userScope) =>
        addPasskeys(tx, userScope, keys, '/new_web_authn'),
      );
    },
  };
}

// Whoever has what was lost may be signed in somewhere (rule 27).
const endAll = (tx: Knex.Transaction, { tenantId, userId }: UserScope): Promise<void> =>
  endAccess(tx, { tenantId, userId }, 'second_factor_reset');

function absentPool(): never {
  throw notFound('Pool');
}
