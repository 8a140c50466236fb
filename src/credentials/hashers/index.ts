import { argon2i, argon2id } from './argon2.ts';
import { bcrypt } from './bcrypt.ts';
import { firebaseScrypt } from './firebase_scrypt.ts';
import type { Hasher, PasswordMethod, WritingHasher } from './hasher.ts';
import { apacheMd5Crypt, md5Crypt } from './md5_crypt.ts';
import { pbkdf2 } from './pbkdf2.ts';
import { saltedDigest } from './salted_digest.ts';
import { scrypt } from './scrypt.ts';
import { sha256Crypt, sha512Crypt } from './sha_crypt.ts';

export { PASSWORD_METHODS, type PasswordMethod } from './hasher.ts';

/** What a stored hash may look like. */
const HASHERS: readonly Hasher[] = [
  argon2id,
  argon2i,
  bcrypt,
  pbkdf2,
  scrypt,
  firebaseScrypt,
  sha256Crypt,
  sha512Crypt,
  md5Crypt,
  apacheMd5Crypt,
  saltedDigest,
];

/** What a pool may hash new passwords with. */
const METHODS: Readonly<Record<PasswordMethod, WritingHasher>> = { argon2: argon2id, bcrypt, pbkdf2 };

const DEFAULT: PasswordMethod = 'argon2';

/**
 * All of these take passwords that went through `normalizePassword`, and all but `isKnownHash`, `needsRehash` and
 * `methodTakes` cost 30 ms of one core or more: call them through the hash queue.
 */

/** A new hash, as a text that names its format and parameters. */
export function hashPassword(password: string, method: PasswordMethod = DEFAULT): Promise<string> {
  return METHODS[method].hash(password);
}

/**
 * Whether the password fits the stored hash. False for a text in no known format; never throws for it. A format
 * that costs nothing to check costs what the pool's own method costs, so that it takes as long as for others.
 */
export async function verifyPassword(
  password: string,
  stored: string,
  method: PasswordMethod = DEFAULT,
): Promise<boolean> {
  const hasher = hasherOf(stored);
  if (hasher === undefined) return false;
  if (hasher.cheap) await METHODS[method].verify(password, decoyHash(method));
  return hasher.verify(password, stored);
}

/** Whether the text is a hash we can check and are willing to pay for; what an import asks of every row. */
export function isKnownHash(stored: string): boolean {
  return hasherOf(stored)?.isHash(stored) ?? false;
}

// Twice what the dearest method for new passwords takes.
const EXPENSIVE_MS = 500;

/** Whether a check takes so long that those of one tenant would hold up everybody else: for the queue's own lane. */
export function isExpensive(stored: string): boolean {
  return (hasherOf(stored)?.costMs?.(stored) ?? 0) > EXPENSIVE_MS;
}

/** What we would verify of the format that the text says it has; undefined for a text of no known format. */
export function boundsOf(stored: string): string | undefined {
  return hasherOf(stored)?.bounds;
}

/** Whether a hash that has just fitted should be replaced by a new one of the method. */
export function needsRehash(stored: string, method: PasswordMethod = DEFAULT): boolean {
  const hasher = METHODS[method];
  return !hasher.isHash(stored) || hasher.needsRehash(stored);
}

/** Whether the method reads the whole of this password. */
export function methodTakes(method: PasswordMethod, password: string): boolean {
  return METHODS[method].takes(password);
}

/** A text that costs the same check as a new hash and fits no password: the work done for unknown users. */
export function decoyHash(method: PasswordMethod = DEFAULT): string {
  return METHODS[method].decoy();
}

function hasherOf(stored: string): Hasher | undefined {
  return HASHERS.find((hasher) => stored.startsWith(hasher.prefix));
}
