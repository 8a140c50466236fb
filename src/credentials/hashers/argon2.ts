import { argon2i as TYPE_I, argon2id as TYPE_ID, hash } from 'argon2';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Hasher, WritingHasher } from './hasher.ts';
import { encode } from './phc.ts';

type Parameters = { memoryCost: number; timeCost: number; parallelism: number };

// OWASP Password Storage: the smallest recommended memory, the price of a sign-in being about 30 ms of one core.
const CURRENT: Parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const SALT_BYTES = 16;
const DIGEST_BYTES = 32;

// A stored or imported hash chooses what a check costs, so its choice is bounded (S-PW-13).
const MAX_MEMORY_KIB = 256 * 1024;
const MAX_TIME = 10;
const MAX_PARALLELISM = 16;

// Bounded in every part: salts of 8 to 64 bytes, digests of 16 to 64.
const PHC =
  /^\$(argon2id?)\$v=19\$([mtp]=\d{1,7},[mtp]=\d{1,7},[mtp]=\d{1,7})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** One of the two variants, as a format that is read. */
const variant = (name: 'argon2id' | 'argon2i', type: typeof TYPE_ID | typeof TYPE_I): Hasher => ({
  name,
  prefix: `$${name}$`,
  bounds:
    'version 19, memory of 8 KiB a lane to 256 MiB, 1 to 10 iterations, 1 to 16 lanes, a salt of 8 to 64 bytes, a digest of 16 to 64',

  costMs(stored) {
    const { memoryCost = 0, timeCost = 0 } = parse(stored)?.parameters ?? {};
    return (30 * memoryCost * timeCost) / (CURRENT.memoryCost * CURRENT.timeCost);
  },

  isHash: (stored) => parse(stored)?.name === name,

  async verify(password, stored) {
    const parsed = parse(stored);
    if (parsed?.name !== name) return false;
    const { parameters, salt, digest } = parsed;
    const own = await hash(password, { ...parameters, type, salt, hashLength: digest.length, raw: true });
    return timingSafeEqual(own, digest);
  },
});

/** For imported hashes only: older programs chose it (RFC 9106 §4 prefers argon2id). */
export const argon2i: Hasher = variant('argon2i', TYPE_I);

export const argon2id: WritingHasher = {
  ...variant('argon2id', TYPE_ID),

  async hash(password) {
    const salt = randomBytes(SALT_BYTES);
    const digest = await hash(password, { ...CURRENT, salt, hashLength: DIGEST_BYTES, raw: true });
    return format(salt, digest);
  },

  needsRehash(stored) {
    const parameters = parse(stored)?.parameters;
    return (
      parameters?.memoryCost !== CURRENT.memoryCost ||
      parameters.timeCost !== CURRENT.timeCost ||
      parameters.parallelism !== CURRENT.parallelism
    );
  },

  // Made up, not computed: a check against it costs the same and cannot succeed.
  decoy: () => format(randomBytes(SALT_BYTES), randomBytes(DIGEST_BYTES)),

  takes: () => true,
};

/** In the PHC order m, t, p that every other program reads; the argon2 package would write m, p, t. */
function format(salt: Buffer, digest: Buffer): string {
  const { memoryCost, timeCost, parallelism } = CURRENT;
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${encode(salt)}$${encode(digest)}`;
}

type Parsed = { name: string; parameters: Parameters; salt: Buffer; digest: Buffer };

function parse(stored: string): Parsed | undefined {
  const [, name = '', list = '', saltText = '', digestText = ''] = PHC.exec(stored) ?? [];
  const costs = new Map(list.split(',').map((item) => [item[0], Number(item.slice(2))]));
  const [memoryCost, timeCost, parallelism] = [costs.get('m'), costs.get('t'), costs.get('p')];
  if (memoryCost === undefined || timeCost === undefined || parallelism === undefined) return undefined;
  if (parallelism < 1 || parallelism > MAX_PARALLELISM) return undefined;
  if (timeCost < 1 || timeCost > MAX_TIME) return undefined;
  // RFC 9106 §3.1: at least 8 KiB a lane.
  if (memoryCost < 8 * parallelism || memoryCost > MAX_MEMORY_KIB) return undefined;

  const [salt, digest] = [Buffer.from(saltText, 'base64'), Buffer.from(digestText, 'base64')];
  if (encode(salt) !== saltText || encode(digest) !== digestText) return undefined;
  return { name, parameters: { memoryCost, timeCost, parallelism }, salt, digest };
}
