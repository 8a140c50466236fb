import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { invalid, notFound, type DomainError } from '../../domain_error.ts';
import type { Pool } from '../../pools/pool.ts';
import { insertAddress } from '../address_store.ts';
import { insertIdentifier } from '../identifier_store.ts';
import { refusingTaken } from '../user_creation.ts';
import { keyAddresses, keyIdentifiers, type UserScope } from '../user.ts';
import { addressKeyOf, addressTypeOf, type KnownAddress, type KnownUser } from '../user_key.ts';

/** Where an activation message goes, or why there is none to send (contract 2.1). */
export type ActivationAddress =
  | { readonly ok: true; readonly address: KnownAddress }
  /** The person signs in with this address, and nothing was ever sent there. */
  | { readonly ok: true; readonly newAddress: string }
  | { readonly ok: false; readonly problem: DomainError };

/** Chooses the address: the one that is named, else the only one there is. */
export function activationAddress(known: KnownUser, named: string | undefined): ActivationAddress {
  if (known.status !== 'new') {
    return {
      ok: false,
      problem: invalid('', 'only a person of status new can be activated', 'wrong_status'),
    };
  }
  const usable = known.addresses.filter(({ status }) => status === 'active');
  if (named === undefined) {
    const [only] = usable;
    return only !== undefined && usable.length === 1
      ? { ok: true, address: only }
      : {
          ok: false,
          problem: invalid('/address', 'is required: the person has several, or none', 'address_needed'),
        };
  }
  const key = addressKeyOf(named);
  const address = usable.find(({ lookupKey }) => lookupKey === key);
  if (address !== undefined) return { ok: true, address };
  const own = known.identifiers.find(({ identifier }) => addressKeyOf(identifier) === key);
  return own !== undefined && addressTypeOf(own.identifier) !== undefined
    ? { ok: true, newAddress: own.identifier }
    : { ok: false, problem: invalid('/address', 'is no address of this person in use', 'address_unknown') };
}

/** Gives a person the address that they sign in with as one that messages go to, unproven. */
export async function addOwnAddress(
  tx: Knex.Transaction,
  scope: UserScope,
  address: string,
): Promise<KnownAddress> {
  const type = addressTypeOf(address) ?? 'email';
  const [keyed] = keyAddresses([{ address, type, verified: false }]);
  if (keyed === undefined) throw notFound('Address');
  const id = randomUUID();
  await refusingTaken(() => insertAddress(tx, scope, { ...keyed, id }));
  return { id, type, address, verified: false, status: 'active', lookupKey: keyed.lookupKey };
}

/** What has received the code becomes a name to sign in with, unless it is one (contract 5.1). */
export async function addAsIdentifier(
  tx: Knex.Transaction,
  scope: UserScope,
  pool: Pick<Pool, 'identifierCaseInsensitive'>,
  known: KnownUser,
  { address, type }: KnownAddress,
): Promise<void> {
  const [keyed] = keyIdentifiers([{ identifier: address, type }], {
    caseInsensitive: pool.identifierCaseInsensitive,
  });
  if (keyed === undefined || known.identifiers.some(({ lookupKey }) => lookupKey === keyed.lookupKey)) return;
  await refusingTaken(() => insertIdentifier(tx, scope, { ...keyed, id: randomUUID() }));
}
