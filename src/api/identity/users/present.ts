import type { Credential, FullUser, ListedUser, User } from '../../../users/user.ts';
import { present } from '../../present.ts';
import type { Answer } from '../../route.ts';

/** A person with everything around them: the answer to get, create and update. */
export function answerUser(user: FullUser): Answer {
  const owner = { tenant_id: user.tenantId, user_pool_id: user.poolId, user_id: user.id };
  return {
    version: user.rowVersion,
    body: {
      ...presentBase(user),
      identifiers: user.identifiers.map((entry) => ({
        ...owner,
        id: entry.id,
        identifier: entry.identifier,
        identifier_lc: entry.identifierLc,
        type: entry.type,
        metadata: entry.metadata,
        created_at: rfc3339(entry.createdAt),
        updated_at: rfc3339(entry.updatedAt),
      })),
      verifiable_addresses: user.addresses.map((entry) => ({
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
      })),
      credentials: user.credentials.map((entry) => ({
        ...owner,
        id: entry.id,
        type: entry.type,
        state: entry.state,
        payload: MASKED[entry.type],
        created_at: rfc3339(entry.createdAt),
        updated_at: rfc3339(entry.updatedAt),
        ...present({ expires_at: entry.expiresAt && rfc3339(entry.expiresAt) }),
      })),
    },
  };
}

/** A person as lists show them: flat, and nothing of their credentials. */
export function presentListedUser(user: ListedUser): object {
  return {
    ...presentBase(user),
    identifiers: user.identifiers.map((entry) => entry.identifier),
    identifiers_with_details: user.identifiers.map(({ identifier, type }) => ({ value: identifier, type })),
    addresses: user.addresses,
    verified_addresses: user.addresses.filter((entry) => entry.verified).map((entry) => entry.address),
  };
}

// Contract 1.10: what proves a person never leaves, not even hashed.
const MASKED: Readonly<Record<Credential['type'], object>> = {
  password: { hashed_password: '###' },
  totp: { secret: '###' },
  webauthn: { keys: [] },
};

function presentBase(user: User): object {
  return {
    id: user.id,
    tenant_id: user.tenantId,
    user_pool_id: user.poolId,
    status: user.status,
    user_type: user.userType,
    payload: user.payload,
    payload_schema_id: user.payloadSchemaId,
    metadata: user.metadata,
    metadata_schema_id: user.metadataSchemaId,
    business_metadata: user.businessMetadata,
    ...present({ business_metadata_schema_id: user.businessMetadataSchemaId }),
    status_updated_at: user.statusUpdatedAt,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
  };
}

/** PostgreSQL's JSON has its own precision and offset; the wire has one form. */
const rfc3339 = (text: string): string => new Date(text).toISOString();
