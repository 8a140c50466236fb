import { canonicalIdentifier, validateIdentifier } from '../credentials/identifier.ts';
import { invalid, refuseAny, type Issue } from '../domain_error.ts';
import { freeMapIssues, type FreeMap } from '../free_map.ts';

export type UserScope = { readonly tenantId: string; readonly poolId: string; readonly userId: string };

export const USER_STATUSES = ['new', 'active', 'inactive', 'deleted'] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

export const IDENTIFIER_TYPES = ['email', 'mobile', 'uid', 'external', 'federated'] as const;
export type IdentifierType = (typeof IDENTIFIER_TYPES)[number];

/** The person's data and the schemas it follows. */
export type UserData = {
  readonly status: UserStatus;
  readonly payload: FreeMap;
  readonly metadata: FreeMap;
  readonly businessMetadata: FreeMap;
  readonly payloadSchemaId: string;
  readonly metadataSchemaId: string;
  readonly businessMetadataSchemaId: string | null;
};

export type User = UserData & {
  readonly tenantId: string;
  readonly poolId: string;
  readonly id: string;
  readonly userType: UserType;
  readonly statusUpdatedAt: Date;
  readonly rowVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** How a person came to be here: made for them, or by signing in through another provider. */
export const USER_TYPES = ['standard', 'jit'] as const;
export type UserType = (typeof USER_TYPES)[number];

export type Identifier = {
  readonly id: string;
  readonly type: IdentifierType;
  readonly identifier: string;
  readonly identifierLc: string;
  readonly metadata: FreeMap;
  readonly createdAt: string;
  readonly updatedAt: string;
};

export type VerifiableAddress = {
  readonly id: string;
  readonly type: 'email' | 'mobile';
  readonly address: string;
  readonly addressLc: string;
  readonly verified: boolean;
  readonly verifiedAt: string | null;
  readonly status: 'active' | 'inactive';
  readonly preferredContactMethod: 'sms' | 'voice' | null;
  readonly metadata: FreeMap;
  readonly createdAt: string;
  readonly updatedAt: string;
};

/** What may be known of a credential; never what proves it. */
export type Credential = {
  readonly id: string;
  readonly type: 'password' | 'totp' | 'webauthn';
  readonly state: 'valid' | 'must_be_reset' | 'must_be_changed';
  readonly expiresAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The passkeys, for the one credential of type webauthn; null for the others. */
  readonly keys: readonly { readonly id: string; readonly name: string; readonly createdAt: string }[] | null;
};

/** A person with everything around them (contract 1.7). */
export type FullUser = User & {
  readonly identifiers: readonly Identifier[];
  readonly addresses: readonly VerifiableAddress[];
  readonly credentials: readonly Credential[];
};

/** A person as lists show them: no credentials. */
export type ListedUser = User & {
  readonly identifiers: readonly Pick<Identifier, 'identifier' | 'type'>[];
  readonly addresses: readonly Pick<VerifiableAddress, 'address' | 'verified'>[];
};

export type NewIdentifier = {
  readonly identifier: string;
  readonly type: IdentifierType;
  readonly metadata?: FreeMap | undefined;
};

export type NewAddress = {
  readonly address: string;
  readonly type: 'email' | 'mobile';
  readonly verified: boolean;
  readonly status?: 'active' | 'inactive' | undefined;
  readonly preferredContactMethod?: 'sms' | 'voice' | undefined;
  readonly metadata?: FreeMap | undefined;
};

// More than any person has, few enough to insert in one statement.
export const MAX_NESTED = 50;

export type KeyedIdentifier = NewIdentifier & { readonly lookupKey: string; readonly identifierLc: string };

/** The identifiers with the keys they are looked up by. Refuses what cannot be one, and the same one twice. */
export function keyIdentifiers(
  identifiers: readonly NewIdentifier[],
  rule: { caseInsensitive: boolean },
): KeyedIdentifier[] {
  refuseTooMany('/identifiers', identifiers);
  const issues: Issue[] = [];
  const keyed = identifiers.map((entry, index) =>
    keyIdentifier(entry, rule, { pointer: `/identifiers/${index}`, issues }),
  );
  refuseAny(issues);
  refuseTwice('/identifiers', keyed);
  return keyed;
}

type Report = { readonly pointer: string; readonly issues: Issue[] };

/** One identifier with its keys; what is wrong with it is added to `issues`. */
export function keyIdentifier<T extends NewIdentifier>(
  entry: T,
  rule: { caseInsensitive: boolean },
  { pointer, issues }: Report,
): T & { readonly lookupKey: string; readonly identifierLc: string } {
  const problem =
    entry.type === 'federated'
      ? 'of type federated is made by linking an account, not given'
      : validateIdentifier(entry.type, entry.identifier);
  if (problem !== undefined) issues.push({ pointer: `${pointer}/identifier`, message: problem });
  issues.push(...freeMapIssues(`${pointer}/metadata`, entry.metadata));
  return {
    ...entry,
    lookupKey: canonicalIdentifier(entry.identifier, rule) ?? '',
    identifierLc: foldedName(entry.identifier),
  };
}

/** The form in which names are compared across identifiers and addresses; empty for what can be neither. */
export const foldedName = (name: string): string =>
  canonicalIdentifier(name, { caseInsensitive: true }) ?? '';

export type KeyedAddress = NewAddress & { readonly lookupKey: string };

/** The addresses with the keys they are compared by: without regard to case, whatever the pool says (contract 6.4). */
export function keyAddresses(addresses: readonly NewAddress[]): KeyedAddress[] {
  refuseTooMany('/verifiable_addresses', addresses);
  const issues: Issue[] = [];
  const keyed = addresses.map((entry, index) =>
    keyAddress(entry, { pointer: `/verifiable_addresses/${index}`, issues }),
  );
  refuseAny(issues);
  refuseTwice('/verifiable_addresses', keyed);
  return keyed;
}

/** One address with its key; what is wrong with it is added to `issues`. */
export function keyAddress<T extends NewAddress>(
  entry: T,
  { pointer, issues }: Report,
): T & { readonly lookupKey: string } {
  const problem = validateIdentifier(entry.type, entry.address);
  if (problem !== undefined) issues.push({ pointer: `${pointer}/address`, message: problem });
  issues.push(...freeMapIssues(`${pointer}/metadata`, entry.metadata));
  return { ...entry, lookupKey: foldedName(entry.address) };
}

function refuseTooMany(pointer: string, entries: readonly unknown[]): void {
  if (entries.length > MAX_NESTED) throw invalid(pointer, `must not hold more than ${MAX_NESTED} entries`);
}

function refuseTwice(pointer: string, entries: readonly { readonly lookupKey: string }[]): void {
  if (new Set(entries.map((entry) => entry.lookupKey)).size !== entries.length) {
    throw invalid(pointer, 'must not name the same one twice');
  }
}
