import type { Knex } from 'knex';
import { conflict, type DomainError, requireVersion, type ExpectedVersion } from '../../domain_error.ts';
import { refused } from './prove_code.ts';
import { setVerified } from './proven_address_store.ts';
import { refusingTaken } from '../user_creation.ts';
import { lockPoolAndNames } from '../user_creation_store.ts';
import type { User, UserScope } from '../user.ts';
import type { KnownAddress, KnownUser } from '../user_key.ts';
import { isProvenByAnother } from '../known_user_store.ts';
import { lockUser } from '../user_store.ts';

/**
 * Begins the transaction of a proof: holds the address, so that nobody else proves or claims it meanwhile, and the
 * person as they are now. Always in this order. Nobody there any more: the answer to a wrong code; 412 for a version
 * of the person that is not the current one.
 */
export async function holdPerson(
  tx: Knex.Transaction,
  scope: UserScope,
  {
    address,
    expected,
  }: { readonly address?: KnownAddress | undefined; readonly expected?: ExpectedVersion } = {},
): Promise<User & { readonly hasRoles: boolean }> {
  if (address !== undefined) await lockPoolAndNames(tx, scope, [address.lookupKey]);
  const user = await lockUser(tx, scope);
  if (user === undefined) throw refused();
  requireVersion(expected, user);
  return user;
}

/**
 * Marks an address as proven, in the transaction that used up the code sent to it: nothing else may (rule 28).
 * After `holdPerson`. Throws 409 when it has become somebody else's meanwhile.
 */
export async function markProven(
  tx: Knex.Transaction,
  scope: UserScope,
  address: KnownAddress,
): Promise<void> {
  if (address.verified) return;
  if (await isProvenByAnother(tx, scope, address.lookupKey)) throw provenByAnother();
  await refusingTaken(() => setVerified(tx, scope, address.id));
}

export const provenByAnother = (): DomainError =>
  conflict('The address belongs to someone else in this pool', 'address_taken');

/** Where a code went, among the addresses that the person still has and uses; null: a caller delivered it. */
export function sentTo(known: KnownUser, addressKey: string | null): KnownAddress | undefined {
  return known.addresses.find(({ lookupKey, status }) => lookupKey === addressKey && status === 'active');
}
