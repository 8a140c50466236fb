import { argon2id } from './argon2id.ts';
import type { Hasher, WritingHasher } from './hasher.ts';

const HASHERS: readonly Hasher[] = [argon2id];

/** What new passwords are hashed with. */
const CURRENT: WritingHasher = argon2id;

/**
 * All of these take passwords that went through `normalizePassword`, and all but `isKnownHash` and
 * `needsRehash` cost about 30 ms of one core: call them through the hash queue.
 */

/** A new hash, as a text that names its format and parameters. */
export function hashPassword(password: string): Promise<string> {
  return CURRENT.hash(password);
}

/** Whether the password fits the stored hash. False for a text in no known format; never throws for it. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  return (await hasherOf(stored)?.verify(password, stored)) ?? false;
}

/** Whether the text is a hash we can check and are willing to pay for; what an import asks of every row. */
export function isKnownHash(stored: string): boolean {
  return hasherOf(stored)?.isHash(stored) ?? false;
}

/** Whether a hash that has just fitted should be replaced by a new one. */
export function needsRehash(stored: string): boolean {
  const hasher = hasherOf(stored);
  return hasher?.name !== CURRENT.name || hasher.needsRehash(stored);
}

/** A text that costs the same check as a new hash and fits no password: the work done for unknown users. */
export function decoyHash(): string {
  return CURRENT.decoy();
}

function hasherOf(stored: string): Hasher | undefined {
  return HASHERS.find((hasher) => stored.startsWith(hasher.prefix));
}
