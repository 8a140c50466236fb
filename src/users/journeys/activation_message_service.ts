import { inTransaction } from '../../db/transaction.ts';
import { invalid, notFound } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import type { PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import { activationAddress, addOwnAddress } from './activation.ts';
import { sendCode, type CodeForm, type SendCodeDeps } from '../codes/send_code.ts';
import type { UserScope } from '../user.ts';
import { addressKeyOf, lookupKeysOf, type UserKey } from '../user_key.ts';
import { findKnownUser, isProvenByAnother } from '../known_user_store.ts';

export type ActivationMessageService = ReturnType<typeof createActivationMessageService>;

export type ActivationMessage = {
  readonly address?: string | undefined;
  readonly form: CodeForm;
  readonly workspaceId?: string | undefined;
  readonly postActivationUrl?: string | undefined;
  readonly clientId?: string | undefined;
  readonly selfRegistered?: boolean | undefined;
  readonly by: Actor;
  readonly source: string | undefined;
};

/** Invitations, and the messages of those who registered themselves (contract 5.1, 5.4). An earlier code dies. */
export function createActivationMessageService(deps: SendCodeDeps) {
  const { db } = deps;
  return {
    /** For an administrator: 404 and 422 say what is wrong. */
    async send(scope: UserScope, message: ActivationMessage): Promise<void> {
      const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
      const keys = lookupKeysOf({ userId: scope.userId }, pool);
      const known = (await findKnownUser(db.knex, scope, keys)) ?? absent('User');
      const chosen = activationAddress(known, message.address);
      if (!chosen.ok) throw chosen.problem;
      const key = 'address' in chosen ? chosen.address.lookupKey : addressKeyOf(chosen.newAddress);
      if (await isProvenByAnother(db.knex, scope, key)) {
        throw invalid('/address', 'belongs to someone else in this pool', 'address_taken');
      }
      const address =
        'address' in chosen
          ? chosen.address
          : await inTransaction(db, (tx) => addOwnAddress(tx, scope, chosen.newAddress));
      const request = { ...message, pool, type: 'activation', to: { known, address }, typed: key } as const;
      await sendCode(deps, { ...request, byAdministrator: true });
    },

    /** On behalf of the person: whatever is wrong, nothing is said. */
    sendForPerson: (scope: UserScope, message: ActivationMessage): Promise<void> =>
      sendQuietly(scope, { userId: scope.userId }, message),

    /** The same for whoever is known by a name that was typed, to that address or their only one. */
    sendByName: (scope: PoolScope, identifier: string, message: ActivationMessage): Promise<void> =>
      sendQuietly(scope, { identifier }, message),
  };

  async function sendQuietly(scope: PoolScope, key: UserKey, message: ActivationMessage): Promise<void> {
    const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
    const keys = lookupKeysOf(key, pool);
    const known = await findKnownUser(db.knex, scope, keys);
    const sameAsName = known?.addresses.find(
      ({ lookupKey }) => lookupKey === addressKeyOf(keys.identifierKey),
    );
    const chosen = known && activationAddress(known, message.address ?? sameAsName?.address);
    const address = chosen?.ok === true && 'address' in chosen ? chosen.address : undefined;
    const userScope = { ...scope, userId: known?.userId ?? '' };
    const foreign = await isProvenByAnother(db.knex, userScope, address?.lookupKey ?? '');
    const to = known && address && !foreign ? { known, address } : undefined;
    const typed = key.userId ?? keys.identifierKey;
    await sendCode(deps, { ...message, pool, type: 'activation', to, typed });
  }
}

function absent(what: string): never {
  throw notFound(what);
}
