import { z } from 'zod';
import { KEY_TYPES, SIGNING_ALGS } from '../../../workspaces/signing_key.ts';
import { readOnly, time } from '../../fields.ts';

const keyType = z
  .enum(KEY_TYPES)
  .meta({ description: 'rsa signs RS256, ecdsa ES256, ps PS256, eddsa EdDSA (Ed25519)' });
/** There are keys for signatures only. */
const use = z.enum(['sig']).default('sig');
const text = z.string().min(1);

const publicMembers = {
  kid: text,
  kty: z.enum(['RSA', 'EC', 'OKP']),
  alg: z.enum(SIGNING_ALGS),
  use: z.literal('sig'),
  n: text.optional(),
  e: text.optional(),
  crv: text.optional(),
  x: text.optional(),
  y: text.optional(),
};

/** A published key (RFC 7517). Its private part never leaves. */
export const PublicKey = z.strictObject(publicMembers).meta({ id: 'PublicKey' });

export const ServerKey = z
  .strictObject({
    ...publicMembers,
    created_at: time,
    promoted_at: time.optional().meta({ description: 'Since when it signs' }),
    rotated_at: time.optional().meta({ description: 'When another took over' }),
    revoked_at: time.optional(),
    usable_from: time.optional().meta({ description: 'Of the next key: when it may sign at the earliest' }),
    retires_at: time.optional().meta({ description: 'Of a rotated key: when it leaves the JWKS' }),
  })
  .meta({ id: 'ServerKey' });

export const ServerKeys = z
  .strictObject({
    current_key: ServerKey.optional(),
    next_key: ServerKey.optional(),
    rotated_keys: z.array(ServerKey),
    revoked_keys: z.array(ServerKey),
  })
  .meta({ id: 'ServerKeys' });

export const KeysQuery = z.strictObject({
  use,
  key_type: keyType
    .optional()
    .meta({ description: "Whose keys; without it, those of the workspace's own type" }),
});
export const RotateKeyQuery = z.strictObject({ use, key_type: keyType.default('rsa') });
export const UseQuery = z.strictObject({ use });

const schedule = {
  enabled: z.boolean(),
  cron: z.string().max(100).meta({
    description: 'Minute, hour, day of month, month, day of week, in UTC; empty only while switched off',
    example: '0 3 1 * *',
  }),
  starting_from: time.optional().meta({ description: 'No rotation before this' }),
};

export const KeyRotationBody = z
  .strictObject({ ...schedule, scheduled_at: readOnly })
  .meta({ id: 'AutomaticKeyRotationRequest' });

export const KeyRotation = z
  .strictObject({ ...schedule, scheduled_at: time.optional().meta({ description: 'The next rotation' }) })
  .meta({ id: 'AutomaticKeyRotation' });
