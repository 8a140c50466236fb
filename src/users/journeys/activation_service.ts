import type { Knex } from 'knex';
import type { HashQueue } from '../../credentials/hash_queue.ts';
import type { PasskeyRecord } from '../../credentials/passkey_record.ts';
import { inTransaction } from '../../db/transaction.ts';
import { DomainError, invalid, notFound, type ExpectedVersion } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { FreeMap } from '../../free_map.ts';
import type { PoolScope } from '../../pools/pool.ts';
import { addAsIdentifier } from './activation.ts';
import { hashNewPassword } from '../factors/new_password.ts';
import { requirePasskeyRecords, addPasskeys } from '../factors/passkey_keys.ts';
import { putPassword } from '../factors/password_store.ts';
import { withProvenCode, type ProveCodeDeps, type Proven } from '../codes/prove_code.ts';
import { holdPerson, markProven, sentTo } from '../codes/proven_address.ts';
import { deleteOtherFactors, deletePassword } from '../codes/proven_address_store.ts';
import { putTotp, requireTotpSecret } from '../factors/totp_secret.ts';
import { checkUserData, writtenDocuments } from '../user_data.ts';
import { findUser, updateUser } from '../user_store.ts';
import type { FullUser, UserScope } from '../user.ts';
import { addressKeyOf, type KnownUser, type UserKey } from '../user_key.ts';

export type ActivationService = ReturnType<typeof createActivationService>;

/** What somebody brings to activate an account: the code, and what it still lacks. */
export type Activation = {
  readonly code: string;
  readonly password?: string | undefined;
  readonly totpSecret?: string | undefined;
  readonly passkeys?: readonly PasskeyRecord[] | undefined;
  /** The address the code went to, for a caller who wants it checked. */
  readonly address?: string | undefined;
  readonly payload?: FreeMap | undefined;
  /**
   * Whatever proves the person so far is replaced by what they bring now: for somebody who follows a link in a browser
   * that did not begin the registration, because a stranger may have begun it (rule 28).
   */
  readonly replacesEarlier?: boolean;
  readonly expected?: ExpectedVersion;
  readonly by: Actor;
  readonly source: string | undefined;
};

export type ActivationDeps = ProveCodeDeps & { readonly hashQueue: HashQueue; readonly publicUrl: string };

/** From `new` to `active`, by a code sent to an address of the person (contract 5.1, 5.4). */
export function createActivationService(deps: ActivationDeps) {
  const { db, sealer, publicUrl } = deps;

  async function activate(scope: PoolScope, input: Activation, key: UserKey): Promise<FullUser> {
    const asked = {
      code: input.code,
      key,
      by: input.by,
      source: input.source,
      type: 'activation',
    } as const;
    const counts =
      Object.keys(key).length === 0
        ? 'identity_activate_with_extended_code'
        : 'identity_activate_self_registered';
    return withProvenCode(deps, scope, { ...asked, counts, mayUse: () => true }, (proven) =>
      apply(scope, input, proven),
    );
  }

  /** Everything is checked before the code is used up, so that a refusal leaves it good for the next try. */
  async function apply(
    scope: PoolScope,
    input: Activation,
    { pool, known, code, consume }: Proven,
  ): Promise<FullUser> {
    requireActivatable(known, input);
    const address = sentTo(known, code.addressKey);
    if (address === undefined && code.addressKey !== null) {
      throw invalid(
        '/code',
        'was sent to an address that is no longer one of this person',
        'address_unknown',
      );
    }
    if (input.address !== undefined && addressKeyOf(input.address) !== code.addressKey) {
      throw invalid('/otp_address', 'is not where the code was sent', 'address_unknown');
    }
    const userScope = { ...scope, userId: known.userId };
    if (input.totpSecret !== undefined) requireTotpSecret('/totp_secret', input.totpSecret);
    const passkeys = requirePasskeyRecords(publicUrl, input.passkeys ?? [], '/webauthn');
    const password = await hashGiven(input, { pool, known });
    return inTransaction(db, async (tx) => {
      const current = await holdPerson(tx, userScope, { address, expected: input.expected });
      await consume(tx);
      if (current.status !== 'new') throw notNew();
      const change = { status: 'active', ...(input.payload && { payload: input.payload }) } as const;
      const data = { ...current, ...change };
      await checkUserData(tx, scope, data, writtenDocuments(change, current));
      if (address !== undefined) {
        await asUnprocessable(() => markProven(tx, userScope, address));
        await asUnprocessable(() => addAsIdentifier(tx, userScope, pool, known, address));
      }
      await updateUser(tx, userScope, data, { statusChanged: true });
      if (input.replacesEarlier) await forgetEarlier(tx, userScope, { password: password === undefined });
      if (password !== undefined) await putPassword(tx, userScope, password);
      if (input.totpSecret !== undefined)
        await putTotp(tx, sealer, userScope, input.totpSecret, '/totp_secret');
      await addPasskeys(tx, userScope, passkeys, '/webauthn');
      await record(tx, userScope, input.by, code.codeId);
      return (await findUser(tx, userScope)) ?? absent('User');
    });
  }

  function hashGiven({ password, source }: Activation, { pool, known }: Pick<Proven, 'pool' | 'known'>) {
    if (password === undefined) return undefined;
    const given = { password, mustBeChanged: false, mustBeReset: false };
    const identifiers = known.identifiers.map(({ identifier }) => identifier);
    const user = { userId: known.userId, identifiers, payload: known.payload };
    return hashNewPassword(deps, db.knex, pool, given, { pointer: '/password', user, source });
  }

  return {
    /** With the short code, for the person that the caller names. */
    activate: (scope: UserScope, input: Activation) => activate(scope, input, { userId: scope.userId }),

    /** With the short code, for the person who is known by a name that was typed. */
    activateByName: (scope: PoolScope, input: Activation, key: Pick<UserKey, 'identifier'>) =>
      activate(scope, input, key),

    /** With the long code, which names the person. */
    activateByLink: (scope: PoolScope, input: Activation) => activate(scope, input, {}),
  };
}

function requireActivatable(known: KnownUser, { password, replacesEarlier = false }: Activation): void {
  if (known.status !== 'new') throw notNew();
  if (password !== undefined && known.passwordSet && !replacesEarlier) {
    throw invalid('/password', 'must not be given: the person has one already', 'password_set');
  }
}

/** What was there before the address was proven goes; the password only where no new one takes its place. */
async function forgetEarlier(
  tx: Knex.Transaction,
  scope: UserScope,
  also: { readonly password: boolean },
): Promise<void> {
  await deleteOtherFactors(tx, scope);
  if (also.password) await deletePassword(tx, scope);
}

const notNew = (): DomainError => invalid('', 'only a person of status new can be activated', 'wrong_status');

/** Contract 5.1: whatever has become somebody else's since the code was sent is a 422 here, never a conflict. */
async function asUnprocessable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError && error.kind === 'conflict')) throw error;
    throw invalid('/code', 'was sent to an address that belongs to someone else by now', 'address_taken');
  }
}

async function record(tx: Knex.Transaction, scope: UserScope, by: Actor, codeId: string): Promise<void> {
  const affected = { userId: scope.userId, poolId: scope.poolId };
  const payload = { user_id: scope.userId, otp_id: codeId, purpose: 'activation' };
  await recordAudit(tx, scope, by, { subject: 'otp', action: 'accepted', affected, payload });
  await recordAudit(tx, scope, by, {
    subject: 'user',
    action: 'updated',
    affected,
    payload: { user_id: scope.userId, status: 'active', update_details: ['status'] },
  });
}

function absent(what: string): never {
  throw notFound(what);
}
