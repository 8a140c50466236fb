import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { inTransaction } from '../../db/transaction.ts';
import { conflict, invalid, notFound, refuseAny, tooManyTries, type Issue } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import type { KeptAccess } from '../../sessions/end_access.ts';
import { changeOf, STAGED_SECONDS, tellOfChange } from './address_change.ts';
import * as store from './address_change_store.ts';
import { takeChangesBack } from './address_replacement.ts';
import { deleteAddress, insertAddress } from '../address_store.ts';
import type { AddressProof, AddressVerificationService } from './address_verification_service.ts';
import { refused, type ProveCodeDeps } from '../codes/prove_code.ts';
import type { SendCodeDeps } from '../codes/send_code.ts';
import { refusingTaken } from '../user_creation.ts';
import { lockPoolAndNames } from '../user_creation_store.ts';
import { foldedName, keyAddress, MAX_NESTED, type FullUser, type UserScope } from '../user.ts';
import { addressTypeOf } from '../user_key.ts';
import { findUser, lockUser, touchUser } from '../user_store.ts';

export type AddressChangeService = ReturnType<typeof createAddressChangeService>;

export type AddressChangeWish = {
  /** The new address, e-mail or mobile. */
  readonly address: string;
  /** The address of the person that goes once the new one is confirmed; none: the new one is added. */
  readonly replaces?: string | undefined;
  /** The session and grant that the person does it with: they stay, all others end when the change is made. */
  readonly keep?: KeptAccess | undefined;
  readonly workspaceId?: string | undefined;
  readonly by: Actor;
  readonly source: string | undefined;
};

/** A change that waits to be confirmed. */
export type StagedChange = {
  readonly address: string;
  readonly replaces: string | undefined;
  readonly expiresAt: Date;
};

/**
 * Addresses that people change themselves (contract 5.8, rule 27). Nothing changes until the new one is proven by
 * the code that went there; the addresses that there were are told at once and again afterwards, with a link by
 * which the owner stops or takes back the change. For a person who has signed in and proven it anew.
 */
export function createAddressChangeService(
  deps: SendCodeDeps & ProveCodeDeps & { readonly addressVerification: AddressVerificationService },
) {
  const { db, sealer, addressVerification } = deps;

  /** Ends a change that waits, and the row that was made for it. */
  async function drop(tx: Knex.Transaction, scope: UserScope): Promise<void> {
    const earlier = await store.takeStaged(tx, scope);
    if (earlier?.addsRow !== true) return;
    const user = await findUser(tx, scope);
    const isProven = user?.addresses.some(
      ({ addressLc, verified }) => addressLc === earlier.newKey && verified,
    );
    if (isProven !== true) await deleteAddress(tx, scope, earlier.newKey);
  }

  async function stage(tx: Knex.Transaction, scope: UserScope, wish: AddressChangeWish): Promise<void> {
    const { address, replaces, by, keep, workspaceId } = wish;
    const issues: Issue[] = [];
    const type = addressTypeOf(address) ?? 'email';
    const keyed = keyAddress({ address, type, verified: false }, { pointer: '', issues });
    refuseAny(issues);
    if ((await lockPoolAndNames(tx, scope, [keyed.lookupKey])) === undefined) absent('Pool');
    if ((await lockUser(tx, scope))?.status !== 'active') absent('User');
    await drop(tx, scope);
    const user = (await findUser(tx, scope)) ?? absent('User');
    const oldKey = replaces === undefined ? null : ownKey(user, replaces);
    const known = user.addresses.find(({ addressLc }) => addressLc === keyed.lookupKey);
    if (known?.verified === true || keyed.lookupKey === oldKey) throw alreadyTheirs();
    if (known === undefined) {
      if (user.addresses.length >= MAX_NESTED)
        throw invalid('/address', `a person has at most ${MAX_NESTED} addresses`);
      await refusingTaken(() => insertAddress(tx, scope, { ...keyed, id: randomUUID() }));
    }
    const change = {
      changeId: randomUUID(),
      newKey: keyed.lookupKey,
      addsRow: known === undefined,
      oldKey,
      keep: keep ?? null,
    };
    const expiresAt = await store.insertChange(tx, scope, change, STAGED_SECONDS);
    const { changeId } = change;
    const told = { template: 'address_change_requested', changeId, address, expiresAt, workspaceId } as const;
    await tellOfChange(tx, deps, scope, told);
    await touchUser(tx, scope);
    await recordAudit(tx, scope, by, {
      subject: 'user',
      action: 'updated',
      affected: { userId: scope.userId, poolId: scope.poolId },
      payload: {
        user_id: scope.userId,
        update_details: {
          address_change_requested: { change_id: changeId, from: oldKey, to: change.newKey },
        },
      },
    });
  }

  return {
    /**
     * Stages a change and sends the code to the new address. An earlier one that waits gives way. Whether the address
     * is somebody else's is not said: no code goes out, and the change never comes about. 422 for what is no
     * address or replaces none of the person's, 409 for one that is theirs and proven, 429 after too many.
     */
    async begin(scope: UserScope, wish: AddressChangeWish): Promise<void> {
      const { workspaceId, by, source } = wish;
      const within = await deps.budget.take(db.knex, {
        tenantId: scope.tenantId,
        poolId: scope.poolId,
        kind: 'address_change',
        address: scope.userId,
        user: scope.userId,
        goesOut: true,
        source,
        byAdministrator: false,
      });
      if (!within) throw tooManyTries(60 * 60);
      await inTransaction(db, (tx) => stage(tx, scope, wish));
      await addressVerification.request(scope, wish.address, { form: 'link', workspaceId, by, source });
    },

    /** The change that waits, for the person themselves. */
    async pending(scope: UserScope): Promise<StagedChange | undefined> {
      const change = await store.findStaged(db.knex, scope);
      if (change === undefined) return undefined;
      const user = await findUser(db.knex, scope);
      const written = (key: string | null) =>
        user?.addresses.find(({ addressLc }) => addressLc === key)?.address ?? key ?? undefined;
      const { newKey, oldKey, expiresAt } = change;
      return { address: written(newKey) ?? newKey, replaces: written(oldKey), expiresAt };
    },

    /** Sends the code again, within the budget. Never says. */
    async resend(
      scope: UserScope,
      wish: Omit<AddressChangeWish, 'address' | 'replaces' | 'keep'>,
    ): Promise<void> {
      const change = await store.findStaged(db.knex, scope);
      const { workspaceId, by, source } = wish;
      const message = { form: 'link', workspaceId, by, source } as const;
      if (change !== undefined) await addressVerification.request(scope, change.newKey, message);
    },

    /** The person thinks better of it. */
    cancel: (scope: UserScope): Promise<void> =>
      inTransaction(db, async (tx) => {
        if ((await lockUser(tx, scope)) === undefined) absent('User');
        await drop(tx, scope);
        await touchUser(tx, scope);
      }),

    /**
     * Makes the change, by the code that went to the new address; its link does the same on the page it leads to.
     * 401 for a code that is not good for it.
     */
    confirm: (scope: UserScope, proof: AddressProof): Promise<void> =>
      addressVerification.complete(scope, proof),

    /** Whether the link to object leads anywhere still. Changes nothing: programs open links. */
    async isOpen(scope: PoolScope, code: string): Promise<boolean> {
      const changeId = changeOf(sealer, scope, code);
      return changeId !== undefined && store.isOpenChange(db.knex, scope, changeId);
    },

    /**
     * The owner did not want it: stops the change, or takes it back within three days, together with every later one;
     * ends all sessions, and the password must be reset. 401 for a link that was used or has run out.
     */
    async object(scope: PoolScope, code: string, by: Actor): Promise<void> {
      const changeId = changeOf(sealer, scope, code);
      if (changeId === undefined) throw refused();
      const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
      await inTransaction(db, async (tx) => {
        const changes = await store.takeForObjection(tx, scope, changeId);
        const [latest] = changes;
        if (latest === undefined) throw refused();
        const userScope = { ...scope, userId: latest.userId };
        if ((await lockUser(tx, userScope)) === undefined) throw refused();
        await takeChangesBack(tx, userScope, pool, changes, by);
        await touchUser(tx, userScope);
      });
    },
  };
}

function ownKey({ addresses }: FullUser, address: string): string {
  const key = foldedName(address);
  if (!addresses.some(({ addressLc }) => addressLc === key))
    throw invalid('/replaces', 'is no address of this person', 'address_unknown');
  return key;
}

const alreadyTheirs = () => conflict('The person has this address already', 'address_taken');

function absent(what: string): never {
  throw notFound(what);
}
