import { scrypt as derive, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import type { Hasher } from './hasher.ts';
import { numberIn, readPhc, writePhc, type Phc } from './phc.ts';

// A stored or imported hash chooses what a check costs, so its choice is bounded (S-PW-13).
const BOUNDS = {
  ln: { least: 1, most: 17 },
  r: { least: 1, most: 16 },
  p: { least: 1, most: 10 },
};
export const SCRYPT_BOUNDS =
  'N a power of 2 up to 131072, r up to 16, p up to 10, 128 MiB of memory, a key of 16 to 128 bytes';
const MAX_MEMORY = 128 * 1024 * 1024;
const KEY = { least: 16, most: 128 };

export type ScryptCosts = {
  /** Logarithm to base 2 of N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
};

/** RFC 7914, for imported hashes. */
export const scrypt: Hasher = {
  name: 'scrypt',
  prefix: '$scrypt$',
  bounds: SCRYPT_BOUNDS,

  costMs: (stored) => scryptMs(parse(stored)?.costs),

  isHash: (stored) => parse(stored) !== undefined,

  async verify(password, stored) {
    const parsed = parse(stored);
    if (parsed === undefined) return false;
    const key = await deriveScrypt(password, parsed.salt, parsed.key.length, parsed.costs);
    return timingSafeEqual(key, parsed.key);
  },
};

/** The text under which such a key is stored, whoever derived it. */
export const formatScrypt = ({ ln, r, p }: ScryptCosts, salt: Buffer, key: Buffer): string =>
  writePhc('scrypt', { ln, r, p }, salt, key);

/** The costs among the parameters, when we are willing to pay them. */
export function scryptCosts(phc: Phc): ScryptCosts | undefined {
  const [ln, r, p] = [
    numberIn(phc, 'ln', BOUNDS.ln),
    numberIn(phc, 'r', BOUNDS.r),
    numberIn(phc, 'p', BOUNDS.p),
  ];
  if (ln === undefined || r === undefined || p === undefined) return undefined;
  return memoryOf({ ln, r, p }) > MAX_MEMORY ? undefined : { ln, r, p };
}

/** Milliseconds of an ordinary core, roughly: N = 2^17 with r = 8 takes a third of a second. */
export const scryptMs = (costs: ScryptCosts | undefined): number =>
  costs === undefined ? 0 : (350 * 2 ** costs.ln * costs.r * costs.p) / 2 ** 20;

/** Derives a key in one of libuv's threads. */
export function deriveScrypt(
  password: string,
  salt: Buffer,
  length: number,
  costs: ScryptCosts,
): Promise<Buffer> {
  const { ln, r, p } = costs;
  // Node's own limit leaves no room for what the algorithm needs beside its main block.
  const options: ScryptOptions = { N: 2 ** ln, r, p, maxmem: memoryOf(costs) + 4 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    derive(password, salt, length, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

const memoryOf = ({ ln, r }: ScryptCosts): number => 128 * 2 ** ln * r;

function parse(stored: string) {
  const phc = readPhc('scrypt', stored);
  const costs = phc && scryptCosts(phc);
  if (!phc || !costs || phc.digest.length < KEY.least || phc.digest.length > KEY.most) return undefined;
  return { costs, salt: phc.salt, key: phc.digest };
}
