import { pbkdf2 as derive, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { WritingHasher } from './hasher.ts';
import { numberIn, readPhc, writePhc } from './phc.ts';

const deriveKey = promisify(derive);

// OWASP Password Storage, for SHA-256.
const CURRENT = { digest: 'sha256', iterations: 600_000 } as const;
const SALT_BYTES = 16;
const KEY_BYTES = 32;

// A stored or imported hash chooses what a check costs, so its choice is bounded (S-PW-13).
const ITERATIONS = { least: 1, most: 10_000_000 };
const KEY = { least: 16, most: 128 };

export const PBKDF2_DIGESTS = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
export type Pbkdf2Digest = (typeof PBKDF2_DIGESTS)[number];

export const pbkdf2: WritingHasher = {
  name: 'pbkdf2',
  prefix: '$pbkdf2-',
  bounds: 'sha1, sha224, sha256, sha384 or sha512, at most 10000000 iterations, a key of 16 to 128 bytes',

  costMs: (stored) => (250 * (parse(stored)?.iterations ?? 0)) / CURRENT.iterations,

  isHash: (stored) => parse(stored) !== undefined,

  async hash(password) {
    const salt = randomBytes(SALT_BYTES);
    const key = await deriveKey(password, salt, CURRENT.iterations, KEY_BYTES, CURRENT.digest);
    return formatPbkdf2(CURRENT.digest, CURRENT.iterations, salt, key);
  },

  async verify(password, stored) {
    const parsed = parse(stored);
    if (parsed === undefined) return false;
    const { digest, iterations, salt, key } = parsed;
    return timingSafeEqual(await deriveKey(password, salt, iterations, key.length, digest), key);
  },

  needsRehash(stored) {
    const parsed = parse(stored);
    return parsed?.digest !== CURRENT.digest || parsed.iterations !== CURRENT.iterations;
  },

  // Made up, not computed: a check against it costs the same and cannot succeed.
  decoy: () =>
    formatPbkdf2(CURRENT.digest, CURRENT.iterations, randomBytes(SALT_BYTES), randomBytes(KEY_BYTES)),

  takes: () => true,
};

/** The text under which such a key is stored, whoever derived it. */
export const formatPbkdf2 = (digest: Pbkdf2Digest, iterations: number, salt: Buffer, key: Buffer): string =>
  writePhc(`pbkdf2-${digest}`, { i: iterations, l: key.length }, salt, key);

function parse(stored: string) {
  const digest = PBKDF2_DIGESTS.find((name) => stored.startsWith(`$pbkdf2-${name}$`));
  const phc = digest && readPhc(`pbkdf2-${digest}`, stored);
  if (!digest || !phc) return undefined;
  const iterations = numberIn(phc, 'i', ITERATIONS);
  const length = numberIn(phc, 'l', KEY);
  if (iterations === undefined || length !== phc.digest.length) return undefined;
  return { digest, iterations, salt: phc.salt, key: phc.digest };
}
