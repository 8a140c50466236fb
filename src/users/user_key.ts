import { canonicalIdentifier, parseEmail, parseMobile } from '../credentials/identifier.ts';
import { invalid } from '../domain_error.ts';
import type { FreeMap } from '../free_map.ts';
import type { Pool } from '../pools/pool.ts';
import type { UserStatus, VerifiableAddress } from './user.ts';

/** How a caller names a person (contract 2.2): by id, by a sign-in name, or by an address that is proven. */
export type UserKey = {
  readonly userId?: string | undefined;
  readonly identifier?: string | undefined;
  /** Beside an id or a sign-in name it only says which address is meant, and may be unproven. */
  readonly address?: string | undefined;
};

/** The key in the forms that rows are looked up by; '' finds nobody. */
export type LookupKeys = {
  readonly userId: string;
  readonly identifierKey: string;
  /** Finds the person who has proven this address. */
  readonly provenAddressKey: string;
  /** The address that is meant, if one is. */
  readonly addressKey: string | undefined;
};

export type KnownAddress = Pick<VerifiableAddress, 'id' | 'type' | 'address' | 'verified' | 'status'> & {
  readonly lookupKey: string;
};

/** What the journeys with codes need to know of a person, read in one statement. */
export type KnownUser = {
  readonly userId: string;
  readonly status: UserStatus;
  readonly passwordSet: boolean;
  readonly payload: FreeMap;
  readonly payloadSchemaId: string;
  readonly identifiers: readonly { readonly identifier: string; readonly lookupKey: string }[];
  /** Active and inactive ones; the proven first, then by age. */
  readonly addresses: readonly KnownAddress[];
};

/** The address as addresses are compared: without regard to case, whatever the pool says (contract 6.4). */
export const addressKeyOf = (address: string): string =>
  canonicalIdentifier(address, { caseInsensitive: true }) ?? '';

/** A key in its looked-up forms. Throws 422 for one that names a person twice. */
export function lookupKeysOf(
  { userId = '', identifier = '', address = '' }: UserKey,
  pool: Pick<Pool, 'identifierCaseInsensitive'>,
): LookupKeys {
  if (userId !== '' && identifier !== '') throw invalid('/identifier', 'must not be given beside userID');
  const identifierKey =
    identifier === ''
      ? ''
      : (canonicalIdentifier(identifier, { caseInsensitive: pool.identifierCaseInsensitive }) ?? '');
  const addressKey = address === '' ? undefined : addressKeyOf(address);
  const named = userId !== '' || identifier !== '';
  return { userId, identifierKey, provenAddressKey: named ? '' : (addressKey ?? ''), addressKey };
}

/** Whether a key says nothing about who is meant: then only the long form of a code can. */
export const isEmptyKey = ({ userId, identifierKey, provenAddressKey }: LookupKeys): boolean =>
  userId === '' && identifierKey === '' && provenAddressKey === '';

/**
 * Where a code for this person goes: the address that is meant if it is theirs and in use; where none is named, the
 * one equal to the sign-in name, else a proven one.
 */
export function destinationFor(known: KnownUser | undefined, keys: LookupKeys): KnownAddress | undefined {
  const usable = known?.addresses.filter(({ status }) => status === 'active') ?? [];
  const { addressKey, identifierKey, provenAddressKey } = keys;
  if (addressKey !== undefined) {
    return usable.find(
      (entry) => entry.lookupKey === addressKey && (provenAddressKey === '' || entry.verified),
    );
  }
  const typed = usable.find(({ lookupKey }) => lookupKey === addressKeyOf(identifierKey));
  return typed ?? usable.find(({ verified }) => verified);
}

/** The kind of address that a text is; undefined for one that is neither. */
export function addressTypeOf(text: string): 'email' | 'mobile' | undefined {
  if (parseEmail(text) !== undefined) return 'email';
  return parseMobile(text) === undefined ? undefined : 'mobile';
}
