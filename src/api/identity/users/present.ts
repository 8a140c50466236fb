import type { Changed } from '../../../users/part_change.ts';
import type {
  Credential,
  FullUser,
  Identifier,
  ListedUser,
  User,
  UserScope,
  VerifiableAddress,
} from '../../../users/user.ts';
import { present } from '../../present.ts';
import type { Answer } from '../../route.ts';

/** A person with everything around them: the answer to get, create and update. */
export const answerUser = (user: FullUser): Answer => ({
  version: user.rowVersion,
  body: { ...presentBase(user), ...presentMetadata(user), user_type: user.userType, ...presentParts(user) },
});

/** The same as delegated administrators see it: nothing of either metadata. */
export const answerB2bUser = (user: FullUser): Answer => ({
  version: user.rowVersion,
  body: { ...presentBase(user), ...presentParts(user) },
});

/** A person as lists show them: flat, and nothing of their credentials. */
export const presentListedUser = (user: ListedUser): object => ({
  ...presentListedB2bUser(user),
  ...presentMetadata(user),
});

export const presentListedB2bUser = (user: ListedUser): object => ({
  ...presentBase(user),
  user_type: user.userType,
  identifiers: user.identifiers.map((entry) => entry.identifier),
  identifiers_with_details: user.identifiers.map(({ identifier, type }) => ({ value: identifier, type })),
  addresses: user.addresses,
  verified_addresses: user.addresses.filter((entry) => entry.verified).map((entry) => entry.address),
});

/** One of a person's identifiers after a change. The version is the person's: their ETag covers all of them. */
export const answerIdentifier = (scope: UserScope, { part, version }: Changed<Identifier>): Answer => ({
  version,
  body: presentIdentifier(ownerOf(scope), part),
});

export const answerAddress = (scope: UserScope, { part, version }: Changed<VerifiableAddress>): Answer => ({
  version,
  body: presentAddress(ownerOf(scope), part),
});

type Owner = { readonly tenant_id: string; readonly user_pool_id: string; readonly user_id: string };

const ownerOf = ({ tenantId, poolId, userId }: UserScope): Owner => ({
  tenant_id: tenantId,
  user_pool_id: poolId,
  user_id: userId,
});

function presentParts(user: FullUser): object {
  const owner = ownerOf({ ...user, userId: user.id });
  return {
    identifiers: user.identifiers.map((entry) => presentIdentifier(owner, entry)),
    verifiable_addresses: user.addresses.map((entry) => presentAddress(owner, entry)),
    credentials: user.credentials.map((entry) => ({
      ...owner,
      id: entry.id,
      type: entry.type,
      state: entry.state,
      payload: masked(entry),
      created_at: rfc3339(entry.createdAt),
      updated_at: rfc3339(entry.updatedAt),
      ...present({ expires_at: entry.expiresAt && rfc3339(entry.expiresAt) }),
    })),
  };
}

const presentIdentifier = (owner: Owner, entry: Identifier): object => ({
  ...owner,
  id: entry.id,
  identifier: entry.identifier,
  identifier_lc: entry.identifierLc,
  type: entry.type,
  metadata: entry.metadata,
  created_at: rfc3339(entry.createdAt),
  updated_at: rfc3339(entry.updatedAt),
});

const presentAddress = (owner: Owner, entry: VerifiableAddress): object => ({
  ...owner,
  id: entry.id,
  address: entry.address,
  address_lc: entry.addressLc,
  type: entry.type,
  verified: entry.verified,
  status: entry.status,
  metadata: entry.metadata,
  created_at: rfc3339(entry.createdAt),
  updated_at: rfc3339(entry.updatedAt),
  ...present({
    verified_at: entry.verifiedAt && rfc3339(entry.verifiedAt),
    preferred_contact_method: entry.preferredContactMethod,
  }),
});

// Contract 1.10: what proves a person never leaves, not even hashed.
function masked({ type, keys }: Credential): object {
  if (type === 'password') return { hashed_password: '###' };
  if (type === 'totp') return { secret: '###' };
  return {
    keys: (keys ?? []).map(({ id, name, createdAt }) => ({ id, name, created_at: rfc3339(createdAt) })),
  };
}

const presentBase = (user: User): object => ({
  id: user.id,
  tenant_id: user.tenantId,
  user_pool_id: user.poolId,
  status: user.status,
  payload: user.payload,
  payload_schema_id: user.payloadSchemaId,
  status_updated_at: user.statusUpdatedAt,
  created_at: user.createdAt,
  updated_at: user.updatedAt,
});

const presentMetadata = (user: User): object => ({
  metadata: user.metadata,
  metadata_schema_id: user.metadataSchemaId,
  business_metadata: user.businessMetadata,
  ...present({ business_metadata_schema_id: user.businessMetadataSchemaId }),
});

/** PostgreSQL's JSON has its own precision and offset; the wire has one form. */
const rfc3339 = (text: string): string => new Date(text).toISOString();
