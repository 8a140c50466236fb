import { z } from 'zod';
import { formatFirebaseScrypt } from './firebase_scrypt.ts';
import { readTextHash } from './imported_text.ts';
import { formatPbkdf2, PBKDF2_DIGESTS } from './pbkdf2.ts';
import { encode } from './phc.ts';
import { fromBase64, fromHex, log2, read, refused, refusedBy, type ReadHash } from './read_hash.ts';
import { DIGEST_BYTES, DIGEST_FUNCTIONS, formatSaltedDigest, type DigestFunction } from './salted_digest.ts';
import { formatScrypt } from './scrypt.ts';

const count = z.number().int().nonnegative();
const text = z.string().max(2048);
/** Ours: how `value` and `salt` are written. */
const encoding = z.enum(['base64', 'hex']).optional();
const name = <T extends string>(names: readonly [T, ...T[]] | readonly T[]) =>
  z
    .string()
    .transform((given) =>
      given
        .toLowerCase()
        .replace(/^hmac-?/, '')
        .replace('-', ''),
    )
    .pipe(z.enum(names as readonly [T, ...T[]]));

const salted = { salt: text.optional(), salt_length: count.optional(), encoding };
const digested = {
  ...salted,
  /** Where the salt lies in `value` when `salt` is empty: after the digest, else before it. */
  salt_after_digest_in_hash: z.boolean().optional(),
  /** Ours: digest(password, salt) instead of digest(salt, password). */
  salt_after_password: z.boolean().optional(),
};

const Config = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('bcrypt'),
    bcrypt: z.strictObject({ cost: count.optional() }).optional(),
  }),
  z.strictObject({
    method: z.literal('argon2'),
    argon2: z
      .strictObject({
        ...salted,
        memory_in_kb: count,
        iterations: count,
        parallelism: count,
        key_length: count.optional(),
        variant: z.enum(['argon2id', 'argon2i']).optional(),
      })
      .optional(),
  }),
  z.strictObject({
    method: z.literal('pbkdf2'),
    pbkdf2: z.strictObject({
      ...salted,
      function: name(PBKDF2_DIGESTS),
      number_of_iterations: count,
      key_length: count.optional(),
    }),
  }),
  z.strictObject({
    method: z.literal('scrypt'),
    scrypt: z.strictObject({
      ...salted,
      cost: count,
      block_size: count,
      parallelism: count,
      key_length: count.optional(),
    }),
  }),
  z.strictObject({
    method: z.literal('firebase_scrypt'),
    firebase_scrypt: z.strictObject({
      salt: text,
      signer_key: text,
      salt_separator: text,
      rounds: count,
      mem_cost: count,
    }),
  }),
  z.strictObject({
    method: z.literal('sha'),
    sha: z.strictObject({
      ...digested,
      function: name(DIGEST_FUNCTIONS.filter((f): f is Exclude<DigestFunction, 'md5'> => f !== 'md5')),
    }),
  }),
  z.strictObject({ method: z.literal('md5'), md5: z.strictObject(digested).optional() }),
]);

const Hash = z.strictObject({ value: text.min(1), config: Config });

/** Reads a hash in the form of contract 5.11. The bounds of its parameters are the caller's to check. */
export function readContractHash(form: object): ReadHash {
  const parsed = Hash.safeParse(form);
  if (!parsed.success) return refusedBy(parsed.error);
  const { value, config } = parsed.data;
  // A text that names its own format says all there is to say.
  if (value.startsWith('$')) return readTextHash(value);
  switch (config.method) {
    case 'bcrypt':
      return refused('value: must be a bcrypt string that begins with $2');
    case 'argon2': {
      const { argon2: given } = config;
      if (given === undefined) return refused('config.argon2: says with what the hash was made');
      const { variant = 'argon2id', memory_in_kb: m, iterations: t, parallelism: p } = given;
      return withKey(value, given, (salt, key) =>
        read(`$${variant}$v=19$m=${m},t=${t},p=${p}$${encode(salt)}$${encode(key)}`),
      );
    }
    case 'pbkdf2': {
      const { function: digest, number_of_iterations: iterations } = config.pbkdf2;
      return withKey(value, config.pbkdf2, (salt, key) => read(formatPbkdf2(digest, iterations, salt, key)));
    }
    case 'scrypt': {
      const { cost, block_size: r, parallelism: p } = config.scrypt;
      const ln = log2(cost);
      if (ln === undefined) return refused('config.scrypt.cost: must be a power of 2');
      return withKey(value, config.scrypt, (salt, key) => read(formatScrypt({ ln, r, p }, salt, key)));
    }
    case 'firebase_scrypt':
      return firebaseScrypt(value, config.firebase_scrypt);
    case 'sha':
      return digest(value, config.sha.function, config.sha);
    case 'md5':
      return digest(value, 'md5', config.md5 ?? {});
  }
}

type Salted = {
  salt?: string | undefined;
  salt_length?: number | undefined;
  key_length?: number | undefined;
  encoding?: 'base64' | 'hex' | undefined;
};

function withKey(value: string, given: Salted, write: (salt: Buffer, key: Buffer) => ReadHash): ReadHash {
  const key = bytesOf(value, given);
  const salt = bytesOf(given.salt ?? '', given);
  if (key === undefined) return refused(`value: must be ${given.encoding ?? 'base64'}`);
  if (salt === undefined) return refused(`salt: must be ${given.encoding ?? 'base64'}`);
  if (salt.length === 0) return refused('salt: must be given');
  if (given.salt_length !== undefined && given.salt_length !== salt.length) {
    return refused('salt_length: must be the length of the salt in bytes');
  }
  if (given.key_length !== undefined && given.key_length !== key.length) {
    return refused('key_length: must be the length of the value in bytes');
  }
  return write(salt, key);
}

const bytesOf = (encoded: string, { encoding: form }: Salted): Buffer | undefined =>
  form === 'hex' ? fromHex(encoded) : fromBase64(encoded);

function digest(
  value: string,
  f: DigestFunction,
  given: Salted & {
    salt_after_digest_in_hash?: boolean | undefined;
    salt_after_password?: boolean | undefined;
  },
): ReadHash {
  const place = given.salt_after_password === true ? 'after' : 'before';
  const whole = bytesOf(value, given);
  const salt = bytesOf(given.salt ?? '', given);
  if (whole === undefined) return refused(`value: must be ${given.encoding ?? 'base64'}`);
  if (salt === undefined) return refused(`salt: must be ${given.encoding ?? 'base64'}`);
  const length = DIGEST_BYTES[f];
  const embedded = salt.length === 0 ? (given.salt_length ?? 0) : 0;
  if (whole.length !== length + embedded) {
    const beside = embedded === 0 ? '' : ` and ${embedded} of salt`;
    return refused(`value: must hold ${length} bytes of ${f}${beside}`);
  }
  if (embedded === 0) return read(formatSaltedDigest(f, place, salt, whole));
  const [inside, own] = given.salt_after_digest_in_hash
    ? [whole.subarray(length), whole.subarray(0, length)]
    : [whole.subarray(0, embedded), whole.subarray(embedded)];
  return read(formatSaltedDigest(f, place, inside, own));
}

function firebaseScrypt(
  value: string,
  given: Extract<z.output<typeof Config>, { method: 'firebase_scrypt' }>['firebase_scrypt'],
): ReadHash {
  const digestBytes = fromBase64(value);
  const salt = fromBase64(given.salt);
  const signerKey = fromBase64(given.signer_key);
  const saltSeparator = fromBase64(given.salt_separator);
  if (!digestBytes || !salt || !signerKey || !saltSeparator) {
    return refused('value, salt, signer_key and salt_separator must be base64');
  }
  const { mem_cost: memCost, rounds } = given;
  return read(formatFirebaseScrypt({ memCost, rounds, salt, saltSeparator, signerKey, digest: digestBytes }));
}
