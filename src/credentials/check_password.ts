import type { HashQueue } from './hash_queue.ts';
import {
  isExpensive,
  isKnownHash,
  needsRehash,
  verifyPassword,
  type PasswordMethod,
} from './hashers/index.ts';
import { normalizePassword } from './password.ts';

export type PasswordCheck = {
  matches: boolean;
  /** The password fits a hash of another method or with old parameters: make a new one in the low lane, after the answer. */
  rehash: boolean;
};

/**
 * Checks what a person typed. Costs exactly one pass through the hash queue, whatever was typed and whether
 * there is a hash to compare with, so that time and load tell a stranger nothing.
 * @param stored the person's hash; undefined for an unknown person or one without a password.
 * @param method the pool's: what it costs where there is nothing to check, and what the hash should be made with.
 * @param source the address of the request.
 * @throws {HashQueueFull} when the machine is too busy to check now.
 */
export async function checkPassword(
  queue: HashQueue,
  typed: string,
  stored: string | undefined,
  source?: string,
  method: PasswordMethod = 'argon2',
): Promise<PasswordCheck> {
  const normalized = normalizePassword(typed);
  if (!normalized.ok || stored === undefined || !isKnownHash(stored)) {
    await queue.verifyDecoy(normalized.ok ? normalized.password : '', source, method);
    return { matches: false, rehash: false };
  }
  const check = () => verifyPassword(normalized.password, stored, method);
  const matches = await (isExpensive(stored) ? queue.runExpensive(check, source) : queue.run(check, source));
  return { matches, rehash: matches && needsRehash(stored, method) };
}
