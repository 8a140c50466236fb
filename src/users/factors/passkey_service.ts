import type { Knex } from 'knex';
import {
  answeredChallenge,
  creationOptions,
  verifyAssertion,
  type AuthenticationResponseJSON,
  type CreationOptions,
  type RegistrationResponseJSON,
} from '../../credentials/passkey_ceremony.ts';
import { consumeChallenge, insertChallenge } from '../../credentials/passkey_challenges_store.ts';
import { passkeyId, relyingPartyOf, type Passkey } from '../../credentials/passkeys.ts';
import {
  deletePasskey,
  findPasskey,
  keepKeyRing,
  listPasskeys,
  renamePasskey,
  usePasskey,
} from '../../credentials/passkeys_store.ts';
import type { Database } from '../../db/connection.ts';
import { inTransaction } from '../../db/transaction.ts';
import { type DomainError, forbidden, invalid, notFound } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import type { Sealer } from '../../security/seal.ts';
import { endAccess, type KeptAccess } from '../../sessions/end_access.ts';
import { notifyPerson } from '../notice.ts';
import { takeCreation, type PasskeyRefusal } from './passkey_creation.ts';

import type { UserScope } from '../user.ts';
import { findUser, lockUser, touchUser } from '../user_store.ts';

export type PasskeyDeps = {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly publicUrl: string;
};

export type PasskeyService = ReturnType<typeof createPasskeyService>;

/** The keys of people's authenticators (contract 5.10). Throws `DomainError`. */
export function createPasskeyService({ db, sealer, publicUrl }: PasskeyDeps) {
  const party = relyingPartyOf(publicUrl);

  const changed = async (tx: Knex.Transaction, scope: UserScope): Promise<void> => {
    await keepKeyRing(tx, scope);
    await touchUser(tx, scope);
  };

  // The challenge is used up whatever comes of it: a refusal is an answer, so that the transaction commits.
  const register = async (
    tx: Knex.Transaction,
    scope: UserScope,
    answer: RegistrationResponseJSON,
    by: Actor,
  ): Promise<PasskeyRefusal | undefined> => {
    const taken = await takeCreation(tx, party, scope, answer);
    if (typeof taken === 'string') return taken;
    await touchUser(tx, scope);
    await notifyPerson(tx, sealer, scope, 'new_passkey', { workspaceId: by.workspaceId });
    await audit(tx, scope, by, 'webauthn', 'add_completed', taken.keyId);
    return undefined;
  };

  return {
    async list(scope: UserScope): Promise<Passkey[]> {
      return listPasskeys(db.knex, scope);
    },

    /** What to ask the person's authenticator for. The challenge is good for one answer within five minutes. */
    async beginCreation(scope: UserScope): Promise<CreationOptions> {
      const user = (await findUser(db.knex, scope)) ?? absent();
      const pool = (await findPool(db.knex, scope)) ?? absent();
      const { name } = user.payload;
      const known = user.identifiers[0]?.identifier ?? user.addresses[0]?.address ?? user.id;
      const options = await creationOptions(
        party,
        pool.name,
        { ...scope, name: known, displayName: typeof name === 'string' ? name : known },
        await listPasskeys(db.knex, scope),
      );
      await insertChallenge(db.knex, scope, options.challenge, { purpose: 'create', userId: scope.userId });
      return options;
    },

    /** Registers the key of an authenticator's answer; gives all keys of the person. 422 for an answer that fails. */
    async completeCreation(
      scope: UserScope,
      answer: RegistrationResponseJSON,
      by: Actor,
    ): Promise<Passkey[]> {
      const { refusal, keys } = await inTransaction(db, async (tx) => {
        if ((await lockUser(tx, scope)) === undefined) absent();
        const why = await register(tx, scope, answer, by);
        return { refusal: why, keys: await listPasskeys(tx, scope) };
      });
      if (refusal !== undefined) throw refused(refusal);
      return keys;
    },

    /** The same for a person without any key; 422 for who has one. */
    async setFirst(scope: UserScope, answer: RegistrationResponseJSON, by: Actor): Promise<void> {
      const refusal = await inTransaction(db, async (tx) => {
        if ((await lockUser(tx, scope)) === undefined) absent();
        if ((await listPasskeys(tx, scope)).length > 0) {
          throw invalid(
            '',
            'there is a passkey already: add another with webauthn/create',
            'passkey_already_set',
          );
        }
        return register(tx, scope, answer, by);
      });
      if (refusal !== undefined) throw refused(refusal);
    },

    /** Gives a key a name that the person knows it by. */
    async rename(scope: UserScope, id: string, name: string, by: Actor): Promise<void> {
      await inTransaction(db, async (tx) => {
        if ((await lockUser(tx, scope)) === undefined) absent();
        if (!(await renamePasskey(tx, scope, idOf(id), name))) throw noSuchKey();
        await changed(tx, scope);
        await audit(tx, scope, by, 'credential', 'updated', idOf(id));
      });
    },

    /**
     * Takes a key away, and ends what may have been opened with it: everything but `keep`. `keepLast`: 403 for the
     * only one, which the person could not sign in without.
     */
    async remove(
      scope: UserScope,
      id: string,
      by: Actor,
      { keepLast, keep }: { readonly keepLast: boolean; readonly keep?: KeptAccess | undefined },
    ): Promise<void> {
      await inTransaction(db, async (tx) => {
        // Held against another removal at this moment: of the last two, one stays.
        if ((await lockUser(tx, scope)) === undefined) absent();
        const keys = await listPasskeys(tx, scope);
        if (!keys.some((key) => key.id === idOf(id))) throw noSuchKey();
        if (keepLast && keys.length === 1) {
          throw forbidden('The last passkey cannot be deleted: add another one first', 'last_passkey');
        }
        await deletePasskey(tx, scope, idOf(id));
        const { tenantId, userId } = scope;
        await endAccess(tx, { tenantId, userId, keep }, 'passkey_removed');
        await changed(tx, scope);
        await notifyPerson(tx, sealer, scope, 'passkey_removed', { workspaceId: by.workspaceId });
        await audit(tx, scope, by, 'credential', 'updated', idOf(id));
      });
    },

    /** Remembers a challenge for a sign-in, bound to the running flow. */
    async beginAssertion(scope: PoolScope, challenge: string, flow: string): Promise<void> {
      await insertChallenge(db.knex, scope, challenge, { purpose: 'get', flow });
    },

    /**
     * Who an authenticator's answer proves, in this pool and this running sign-in; undefined for an answer that
     * fails. For whoever signs people in, who looks at the person's status and counts. A key whose counter went
     * back is marked and refused.
     */
    async checkAssertion(
      scope: PoolScope,
      answer: AuthenticationResponseJSON,
      flow: string,
    ): Promise<{ readonly userId: string; readonly userVerified: boolean } | undefined> {
      return inTransaction(db, async (tx) => {
        const challenge = answeredChallenge(answer.response.clientDataJSON);
        const use = { purpose: 'get', flow } as const;
        if (challenge === undefined || !(await consumeChallenge(tx, scope, challenge, use))) return undefined;
        const id = passkeyId(answer.id);
        const key = id === undefined ? undefined : await findPasskey(tx, scope, id);
        const checked = key && (await verifyAssertion(party, key, answer, challenge));
        if (!key || !checked) return undefined;
        const owner = { tenantId: scope.tenantId, poolId: scope.poolId, userId: key.userId };
        if (!(await usePasskey(tx, owner, key.id, checked))) {
          await audit(tx, owner, { kind: 'system' }, 'webauthn', 'clone_warning', key.id);
          return undefined;
        }
        return { userId: key.userId, userVerified: checked.userVerified };
      });
    },
  };
}

/** What cannot be an id is nobody's key. */
const idOf = (text: string): string => passkeyId(text) ?? '';

function refused(why: PasskeyRefusal): DomainError {
  const messages = {
    challenge: 'the challenge is unknown, used or expired: begin again',
    answer: 'the answer of the authenticator does not hold here: begin again',
    known: 'this passkey is registered already',
  } as const;
  const codes = {
    challenge: 'passkey_challenge',
    answer: 'passkey_refused',
    known: 'passkey_known',
  } as const;
  return invalid('', messages[why], codes[why]);
}

const audit = (
  tx: Knex.Transaction,
  scope: UserScope,
  by: Actor,
  subject: 'webauthn' | 'credential',
  action: string,
  passkey: string,
): Promise<void> =>
  recordAudit(tx, scope, by, {
    subject,
    action,
    affected: { userId: scope.userId, poolId: scope.poolId },
    payload: { user_id: scope.userId, type: 'webauthn', passkey_id: passkey },
  });

const noSuchKey = (): DomainError => notFound('Passkey');

function absent(): never {
  throw notFound('User');
}
