import { canonicalIdentifier, validateIdentifier } from '../credentials/identifier.ts';
import { invalid, refuseAny, type Issue } from '../domain_error.ts';
import { freeMapIssues, type FreeMap } from '../free_map.ts';
import { knownSchemaIssues, userPayloadIssues } from '../schemas/built_in.ts';

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
  readonly userType: string;
  readonly statusUpdatedAt: Date;
  readonly rowVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

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
const MAX_NESTED = 50;

/** Refuses data that no user may have under its schemas, naming every problem. */
export function checkUserData(data: UserData): void {
  refuseAny([
    ...knownSchemaIssues(data),
    ...userPayloadIssues(data.payload, { complete: data.status === 'active' }),
    ...freeMapIssues('/metadata', data.metadata),
    ...freeMapIssues('/business_metadata', data.businessMetadata),
  ]);
}

export type KeyedIdentifier = NewIdentifier & { readonly lookupKey: string; readonly identifierLc: string };

/** The identifiers with the keys they are looked up by. Refuses what cannot be one, and the same one twice. */
export function keyIdentifiers(
  identifiers: readonly NewIdentifier[],
  rule: { caseInsensitive: boolean },
): KeyedIdentifier[] {
  refuseTooMany('/identifiers', identifiers);
  const issues: Issue[] = [];
  const keyed = identifiers.map((entry, index) => {
    const pointer = `/identifiers/${index}/identifier`;
    const problem =
      entry.type === 'federated'
        ? 'of type federated is made by linking an account, not given'
        : validateIdentifier(entry.type, entry.identifier);
    const lookupKey = canonicalIdentifier(entry.identifier, rule);
    const identifierLc = canonicalIdentifier(entry.identifier, { caseInsensitive: true });
    if (problem !== undefined) issues.push({ pointer, message: problem });
    issues.push(...freeMapIssues(`/identifiers/${index}/metadata`, entry.metadata));
    return { ...entry, lookupKey: lookupKey ?? '', identifierLc: identifierLc ?? '' };
  });
  refuseAny(issues);
  refuseTwice('/identifiers', keyed);
  return keyed;
}

export type KeyedAddress = NewAddress & { readonly lookupKey: string };

/** The addresses with the keys they are compared by: without regard to case, whatever the pool says (contract 6.4). */
export function keyAddresses(addresses: readonly NewAddress[]): KeyedAddress[] {
  refuseTooMany('/verifiable_addresses', addresses);
  const issues: Issue[] = [];
  const keyed = addresses.map((entry, index) => {
    const problem = validateIdentifier(entry.type, entry.address);
    if (problem !== undefined) {
      issues.push({ pointer: `/verifiable_addresses/${index}/address`, message: problem });
    }
    issues.push(...freeMapIssues(`/verifiable_addresses/${index}/metadata`, entry.metadata));
    return { ...entry, lookupKey: canonicalIdentifier(entry.address, { caseInsensitive: true }) ?? '' };
  });
  refuseAny(issues);
  refuseTwice('/verifiable_addresses', keyed);
  return keyed;
}

function refuseTooMany(pointer: string, entries: readonly unknown[]): void {
  if (entries.length > MAX_NESTED) throw invalid(pointer, `must not hold more than ${MAX_NESTED} entries`);
}

function refuseTwice(pointer: string, entries: readonly { readonly lookupKey: string }[]): void {
  if (new Set(entries.map((entry) => entry.lookupKey)).size !== entries.length) {
    throw invalid(pointer, 'must not name the same one twice');
  }
}
