import { z } from 'zod';
import { IDENTIFIER_TYPES, USER_STATUSES, USER_TYPES, type UserType } from '../../../users/user.ts';
import type { NewUserInput, UserChange } from '../../../users/user_service.ts';
import { freeMap, id, readOnly, time } from '../../fields.ts';
import { NewUserCredentials, toNewCredentials } from './credentials.ts';

export const identifierType = z.enum(IDENTIFIER_TYPES);
export const addressType = z.enum(['email', 'mobile']);
export const addressStatus = z.enum(['active', 'inactive']);
export const contactMethod = z.enum(['sms', 'voice']);
const status = z.enum(USER_STATUSES);
// The domain says what an identifier may be; this only bounds what it looks at.
export const name = z.string().max(1024);
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
    credentials: NewUserCredentials.optional(),
    tenant_id: readOnly,
    user_pool_id: readOnly,
  })
  .meta({ id: 'NewUserPayload' });

/** The same from a backend, which may say how the person came to be here. */
export const NewUser = NewUserPayload.extend({ user_type: z.enum(USER_TYPES).optional() }).meta({
  id: 'NewUser',
});

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

export const UserIdentifier = z
  .strictObject({
    ...owned,
    id,
    identifier: z.string(),
    identifier_lc: z.string(),
    type: identifierType,
    metadata: freeMap,
  })
  .meta({ id: 'UserIdentifier' });

export const UserVerifiableAddress = z
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

export const UserCredential = z
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
  user_type: z.enum(USER_TYPES),
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

export const ExtendedUser = z
  .strictObject({
    ...base,
    identifiers: z.array(z.string()),
    identifiers_with_details: z.array(z.strictObject({ value: z.string(), type: identifierType })),
    addresses: z.array(z.strictObject({ address: z.string(), verified: z.boolean() })),
    verified_addresses: z.array(z.string()),
  })
  .meta({ id: 'ExtendedUser' });

export const UsersResponse = z.strictObject({ users: z.array(ExtendedUser) }).meta({ id: 'Users' });

/** The body in the words of the domain. Throws `DomainError` for credentials that do not fit their type. */
export function toNewUser({
  user_type: userType,
  ...body
}: z.output<typeof NewUserPayload> & { readonly user_type?: UserType | undefined }): NewUserInput {
  return {
    ...toUserChange(body),
    id: body.id,
    userType,
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
    ...toNewCredentials(body.credentials ?? []),
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
