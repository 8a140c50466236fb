import { hash, verify } from '@node-rs/bcrypt';
import { randomBytes } from 'node:crypto';
import type { WritingHasher } from './hasher.ts';

const COST = 12;
// Each step doubles the work; 15 is about two seconds of one core (S-PW-13).
const MAX_COST = 15;
// The algorithm reads no more than this (S-PW-12).
const MAX_BYTES = 72;

// The letters name fixed bugs of old implementations, not other algorithms; `$2x$` names one that is not fixed.
const MODULAR = /^\$2[aby]?\$(\d\d)\$([./A-Za-z0-9]{21}[.Oeu])([./A-Za-z0-9]{30}[.CGKOSWaeimquy26])$/;
const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Runs in libuv's threads. */
export const bcrypt: WritingHasher = {
  name: 'bcrypt',
  prefix: '$2',
  bounds: '$2a$, $2b$ or $2y$, a cost of 4 to 15, 53 characters of salt and digest',

  costMs: (stored) => 250 * 2 ** ((costOf(stored) ?? 0) - COST),

  isHash: (stored) => costOf(stored) !== undefined,

  async hash(password) {
    if (!bcrypt.takes(password)) throw new RangeError('bcrypt would cut this password');
    return hash(password, COST);
  },

  async verify(password, stored) {
    if (costOf(stored) === undefined) return false;
    const fits = await verify(password, stored.replace(/^\$2[ay]?\$/, '$2b$'));
    // The rest of a longer password would not count, so whoever knows the beginning would get in (rule 16).
    return fits && bcrypt.takes(password);
  },

  needsRehash: (stored) => costOf(stored) !== COST,

  // Made up, not computed: a check against it costs the same and cannot succeed.
  decoy: () => `$2b$${COST}$${randomText(21)}.${randomText(30)}.`,

  takes: (password) => Buffer.byteLength(password) <= MAX_BYTES,
};

function costOf(stored: string): number | undefined {
  const cost = Number(MODULAR.exec(stored)?.[1] ?? 0);
  return cost >= 4 && cost <= MAX_COST ? cost : undefined;
}

const randomText = (length: number): string =>
  [...randomBytes(length)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
