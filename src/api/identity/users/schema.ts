import { z } from 'zod';
import { IDENTIFIER_TYPES, USER_STATUSES } from '../../../users/user.ts';
import type { NewUserInput, UserChange } from '../../../users/user_service.ts';
import { invalid } from '../../../domain_error.ts';
import { freeMap, id, readOnly, time } from '../../fields.ts';
import { pagingQuery } from '../../paging.ts';
import { parseStrictJson } from '../../strict_json.ts';

const identifierType = z.enum(IDENTIFIER_TYPES);
const addressType = z.enum(['email', 'mobile']);
const addressStatus = z.enum(['active', 'inactive']);
const contactMethod = z.enum(['sms', 'voice']);
const status = z.enum(USER_STATUSES);
// The domain says what an identifier may be; this only bounds what it looks at.
const name = z.string().max(1024);
const MAX_NESTED = 100;

const data = {
  payload: freeMap.optional(),
  metadata: freeMap.optional(),
  business_metadata: freeMap.optional(),
  payload_schema_id: id.optional(),
  metadata_schema_id: id.optional(),
  business_metadata_schema_id: id.optional(),
};

/** What creates a user (contract 1.7 to 1.10). */
export const NewUserPayload = z
  .strictObject({
    ...data,
    id: z.string().max(64).optional(),
    status,
    identifiers: z
      .array(z.strictObject({ identifier: name, type: identifierType, metadata: freeMap.optional() }))
      .max(MAX_NESTED)
      .optional(),
    verifiable_addresses: z
      .array(
        z.strictObject({
          address: name,
          type: addressType,
          verified: z.boolean().optional(),
          status: addressStatus.optional(),
          preferred_contact_method: contactMethod.optional(),
          metadata: freeMap.optional(),
        }),
      )
      .max(MAX_NESTED)
      .optional(),
    credentials: z
      .array(
        z.strictObject({
          type: z.enum(['password', 'webauthn', 'totp']),
          password: z.string().max(4096).optional(),
          must_be_changed: z.boolean().optional(),
          must_be_reset: z.boolean().optional(),
          totp_secret: z.unknown().optional(),
          webauthn_credentials: z.unknown().optional(),
        }),
      )
      .max(MAX_NESTED)
      .optional(),
    tenant_id: readOnly,
    user_pool_id: readOnly,
  })
  .meta({ id: 'NewUserPayload' });

/** What changes a user: keys that are absent are left alone, present ones replace the whole value. */
export const UpdateUser = z
  .strictObject({
    ...data,
    status: status.optional(),
    id: readOnly,
    tenant_id: readOnly,
    user_pool_id: readOnly,
    user_type: readOnly,
    status_updated_at: readOnly,
    created_at: readOnly,
    updated_at: readOnly,
    identifiers: readOnly,
    verifiable_addresses: readOnly,
    credentials: readOnly,
  })
  .meta({ id: 'UpdateUser' });

const owned = { tenant_id: id, user_pool_id: id, user_id: id, created_at: time, updated_at: time };

const UserIdentifier = z
  .strictObject({
    ...owned,
    id,
    identifier: z.string(),
    identifier_lc: z.string(),
    type: identifierType,
    metadata: freeMap,
  })
  .meta({ id: 'UserIdentifier' });

const UserVerifiableAddress = z
  .strictObject({
    ...owned,
    id,
    address: z.string(),
    address_lc: z.string(),
    type: addressType,
    verified: z.boolean(),
    verified_at: time.optional(),
    status: addressStatus,
    preferred_contact_method: contactMethod.optional(),
    metadata: freeMap,
  })
  .meta({ id: 'UserVerifiableAddress' });

const UserCredential = z
  .strictObject({
    ...owned,
    id,
    type: z.enum(['password', 'webauthn', 'totp']),
    state: z.enum(['valid', 'must_be_reset', 'must_be_changed']),
    expires_at: time.optional(),
    payload: freeMap.meta({ description: 'Masked' }),
  })
  .meta({ id: 'UserCredential' });

const base = {
  id,
  tenant_id: id,
  user_pool_id: id,
  status,
  user_type: z.string(),
  payload: freeMap,
  payload_schema_id: id,
  metadata: freeMap,
  metadata_schema_id: id,
  business_metadata: freeMap,
  business_metadata_schema_id: id.optional(),
  status_updated_at: time,
  created_at: time,
  updated_at: time,
};

export const UserWithData = z
  .strictObject({
    ...base,
    identifiers: z.array(UserIdentifier),
    verifiable_addresses: z.array(UserVerifiableAddress),
    credentials: z.array(UserCredential),
  })
  .meta({ id: 'UserWithData' });

const ExtendedUser = z
  .strictObject({
    ...base,
    identifiers: z.array(z.string()),
    identifiers_with_details: z.array(z.strictObject({ value: z.string(), type: identifierType })),
    addresses: z.array(z.strictObject({ address: z.string(), verified: z.boolean() })),
    verified_addresses: z.array(z.string()),
  })
  .meta({ id: 'ExtendedUser' });

export const UsersResponse = z.strictObject({ users: z.array(ExtendedUser) }).meta({ id: 'Users' });

const Filter = z.strictObject({
  user_key: z.string().min(1).max(320).optional(),
  payload: freeMap.optional(),
  metadata: freeMap.optional(),
});

export const UsersQuery = z.strictObject({
  ...pagingQuery('user'),
  sort: z.enum(['id']).optional(),
  query: z
    .string()
    .max(4096)
    .transform((text, context) => {
      const filter = Filter.safeParse(parseJson(text));
      if (filter.success) return filter.data;
      context.addIssue('must be JSON with user_key, payload and metadata as its only keys');
      return z.NEVER;
    })
    .optional()
    .meta({
      description: 'JSON: `{"user_key": ..., "payload": {...}, "metadata": {...}}`, all of which must match',
    }),
});

function parseJson(text: string): unknown {
  try {
    return parseStrictJson(Buffer.from(text));
  } catch {
    return undefined;
  }
}

/** The body in the words of the domain. Throws `DomainError` for credentials that cannot be set yet. */
export function toNewUser(body: z.output<typeof NewUserPayload>): NewUserInput {
  return {
    ...toUserChange(body),
    id: body.id,
    status: body.status,
    identifiers: body.identifiers,
    addresses: body.verifiable_addresses?.map((entry) => ({
      address: entry.address,
      type: entry.type,
      verified: entry.verified ?? false,
      status: entry.status,
      preferredContactMethod: entry.preferred_contact_method,
      metadata: entry.metadata,
    })),
    password: toPassword(body.credentials ?? []),
  };
}

function toPassword(credentials: NonNullable<z.output<typeof NewUserPayload>['credentials']>) {
  for (const [index, credential] of credentials.entries()) {
    const pointer = `/credentials/${index}`;
    if (credential.type !== 'password')
      throw invalid(`${pointer}/type`, 'only password can be set here so far');
    if (index > 0) throw invalid(pointer, 'a person has one password at most');
    if (credential.totp_secret !== undefined)
      throw invalid(`${pointer}/totp_secret`, 'is no part of a password');
    if (credential.webauthn_credentials !== undefined) {
      throw invalid(`${pointer}/webauthn_credentials`, 'is no part of a password');
    }
  }
  const [given] = credentials;
  if (given === undefined) return undefined;
  if (given.password === undefined) throw invalid('/credentials/0/password', 'is required');
  return {
    password: given.password,
    mustBeChanged: given.must_be_changed ?? false,
    mustBeReset: given.must_be_reset ?? false,
  };
}

type ChangeBody = Pick<z.output<typeof UpdateUser>, 'status' | keyof typeof data>;

export function toUserChange(body: ChangeBody): UserChange {
  return {
    status: body.status,
    payload: body.payload,
    metadata: body.metadata,
    businessMetadata: body.business_metadata,
    payloadSchemaId: body.payload_schema_id,
    metadataSchemaId: body.metadata_schema_id,
    businessMetadataSchemaId: body.business_metadata_schema_id,
  };
}
