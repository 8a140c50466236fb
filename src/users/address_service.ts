import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { conflict, invalid, notFound, refuseAny, type ExpectedVersion, type Issue } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import type { FreeMap } from '../free_map.ts';
import { freeMapIssues } from '../free_map.ts';
import type { Sealer } from '../security/seal.ts';
import * as store from './address_store.ts';
import { tellingOfAddressChange } from './address_notice.ts';
import { endCodesSentTo } from './codes/open_codes_store.ts';
import { changingPart, type Changed } from './part_change.ts';
import { nameTaken, refusingTaken } from './user_creation.ts';
import {
  foldedName,
  keyAddress,
  MAX_NESTED,
  type NewAddress,
  type User,
  type UserScope,
  type VerifiableAddress,
} from './user.ts';

/** The new state of an address; what is left out stays. The address itself is the key. */
export type AddressChange = {
  readonly address: string;
  readonly status: VerifiableAddress['status'];
  readonly verified: boolean;
  readonly preferredContactMethod?: 'sms' | 'voice' | undefined;
  readonly metadata?: FreeMap | undefined;
};

export type AddressService = ReturnType<typeof createAddressService>;

/** Where a person can be written to, and whether that is proven (contract 1.9, 6.4). Throws `DomainError`. */
export function createAddressService({ db, sealer }: { db: Database; sealer: Sealer }) {
  /** Somebody who is still to activate their account is told by that. */
  const telling = <T>(tx: Knex.Transaction, user: User, change: () => Promise<T>): Promise<T> =>
    user.status === 'active'
      ? tellingOfAddressChange(tx, sealer, { ...user, userId: user.id }, change)
      : change();
  return {
    /** Adds an address. Verified, it must be nobody else's identifier or verified address. */
    async add(
      scope: UserScope,
      input: NewAddress,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<Changed<VerifiableAddress>> {
      const { address, type, verified } = input;
      return changingPart(db, scope, {
        name: foldedName(address),
        by,
        expected,
        details: { address_added: { address, type, verified } },
        apply: async (tx, _, user) => {
          const issues: Issue[] = [];
          const keyed = keyAddress(input, { pointer: '', issues });
          refuseAny(issues);
          const facts = await store.readAddressFacts(tx, scope, keyed.lookupKey);
          if (facts.current !== null) throw conflict('The person has this address already', 'address_taken');
          if (verified && facts.identifiesAnother) throw nameTaken();
          if (facts.count >= MAX_NESTED)
            throw invalid('/address', `a person has at most ${MAX_NESTED} addresses`);
          const row = { ...keyed, id: randomUUID() };
          const insert = () => refusingTaken(() => store.insertAddress(tx, scope, row));
          return (await telling(tx, user, insert)) ?? absent();
        },
      });
    },

    /** Changes the state of an address. When it may no longer be what codes were sent to, those codes end. */
    async update(
      scope: UserScope,
      change: AddressChange,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<Changed<VerifiableAddress>> {
      const { address, verified, status } = change;
      const key = foldedName(address);
      return changingPart(db, scope, {
        name: key,
        by,
        expected,
        details: { address_updated: { address, verified, status } },
        apply: async (tx, _, user) => {
          refuseAny(freeMapIssues('/metadata', change.metadata));
          const { current, identifiesAnother } = await store.readAddressFacts(tx, scope, key);
          if (current === null) return absent();
          if (verified && !current.verified && identifiesAnother) throw nameTaken();
          const state = {
            verified,
            status,
            preferredContactMethod: change.preferredContactMethod ?? current.preferredContactMethod,
            metadata: change.metadata ?? current.metadata,
          };
          const update = () => refusingTaken(() => store.updateAddress(tx, scope, key, state));
          const updated = await telling(tx, user, update);
          const isOther = verified !== current.verified || status !== current.status;
          if (isOther) await endCodesSentTo(tx, scope, key);
          return updated ?? absent();
        },
      });
    },

    /** Removes an address and ends the open codes that may have gone there. */
    async remove(
      scope: UserScope,
      address: string,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<Changed<undefined>> {
      const key = foldedName(address);
      return changingPart(db, scope, {
        name: key,
        by,
        expected,
        details: { address_removed: { address } },
        takesAway: true,
        apply: async (tx, _, user) => {
          const removed = await telling(tx, user, () => store.deleteAddress(tx, scope, key));
          if (removed === undefined) absent();
          await endCodesSentTo(tx, scope, key);
          return undefined;
        },
      });
    },
  };
}

function absent(): never {
  throw notFound('Address');
}
