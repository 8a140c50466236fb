import { z } from 'zod';
import { CredentialRecord } from '../credentials/passkey_document.ts';
import { MAX_LEVELS } from '../groups/group.ts';
import { isStorableMoment, MOMENT_RULE } from '../moment.ts';
import { IDENTIFIER_TYPES, USER_STATUSES } from '../users/user.ts';

// The domain says what a name may be; this only bounds what it looks at.
const name = z.string().max(1024);
const id = z.string().min(1).max(64);
const time = z.iso.datetime({ offset: true }).refine(isStorableMoment, MOMENT_RULE);
const freeMap = z.record(z.string().max(256), z.unknown());
const MAX_NESTED = 50;

/** The names from the top of the pool's tree down to a group; a name alone is one at the top. */
const GroupPath = z.union([name, z.array(name).min(1).max(MAX_LEVELS)]);

/** Accepted so that an export can be imported as it is; it comes from the request and is not looked at. */
const known = z.unknown().optional();
const owned = { tenant_id: known, user_pool_id: known, user_id: known, created_at: known, updated_at: known };

const Identifier = z.strictObject({
  ...owned,
  id: id.optional(),
  identifier: name,
  type: z.enum(IDENTIFIER_TYPES),
  metadata: freeMap.optional(),
  identifier_lc: known,
});

const Address = z.strictObject({
  ...owned,
  id: id.optional(),
  address: name,
  type: z.enum(['email', 'mobile']),
  verified: z.boolean().optional(),
  verified_at: time.optional(),
  status: z.enum(['active', 'inactive']).optional(),
  preferred_contact_method: z.enum(['sms', 'voice']).optional(),
  metadata: freeMap.optional(),
  address_lc: known,
});

const MAX_PASSKEYS = 20;

/** A passkey as its record (contract 1.10), with what its owner calls it. */
const Passkey = z.strictObject({
  ...CredentialRecord.shape,
  name: z
    .string()
    .max(100)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'must be one line without control characters')
    .optional(),
  created_at: time.optional(),
});

const Credential = z.strictObject({
  ...owned,
  id: id.optional(),
  type: z.enum(['password', 'totp', 'webauthn']),
  state: z.enum(['valid', 'must_be_changed', 'must_be_reset']).optional(),
  expires_at: time.optional(),
  /** `{hashed_password}`, `{secret}`, or `{keys}` with the host that they are for (contract 1.10, 5.11). */
  payload: z.strictObject({
    hashed_password: z.unknown().optional(),
    secret: z.string().max(256).optional(),
    rp_id: z.string().max(253).optional(),
    keys: z.array(Passkey).min(1).max(MAX_PASSKEYS).optional(),
  }),
});

/** A person with everything around them, as imports take them and exports give them (contract 1.7 to 1.10). */
export const PersonDocument = z.strictObject({
  id: id.optional(),
  /** The same as `id`: whom tokens name. */
  sub: id.optional(),
  tenant_id: known,
  user_pool_id: known,
  status: z.enum(USER_STATUSES).optional(),
  status_updated_at: known,
  user_type: z.enum(['standard', 'jit']).optional(),
  payload: freeMap.optional(),
  metadata: freeMap.optional(),
  business_metadata: freeMap.optional(),
  payload_schema_id: id.optional(),
  metadata_schema_id: id.optional(),
  business_metadata_schema_id: id.optional(),
  created_at: time.optional(),
  updated_at: known,
  identifiers: z.array(Identifier).max(MAX_NESTED).optional(),
  verifiable_addresses: z.array(Address).max(MAX_NESTED).optional(),
  credentials: z.array(Credential).max(MAX_NESTED).optional(),
  groups: z.array(GroupPath).max(MAX_NESTED).optional(),
});

export type PersonDocument = z.output<typeof PersonDocument>;
