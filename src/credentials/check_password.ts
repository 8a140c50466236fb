import type { HashQueue } from './hash_queue.ts';
import { isKnownHash, needsRehash, verifyPassword } from './hashers/index.ts';
import { normalizePassword } from './password.ts';

export type PasswordCheck = {
  matches: boolean;
  /** The password fits a hash with old parameters: make a new one in the low lane, after the answer. */
  rehash: boolean;
};

/**
 * Checks what a person typed. Costs exactly one pass through the hash queue, whatever was typed and whether
 * there is a hash to compare with, so that time and load tell a stranger nothing.
 * @param stored the person's hash; undefined for an unknown person or one without a password.
 * @param source the address of the request.
 * @throws {HashQueueFull} when the machine is too busy to check now.
 */
export async function checkPassword(
  queue: HashQueue,
  typed: string,
  stored: string | undefined,
  source?: string,
): Promise<PasswordCheck> {
  const normalized = normalizePassword(typed);
  if (!normalized.ok || stored === undefined || !isKnownHash(stored)) {
    await queue.verifyDecoy(normalized.ok ? normalized.password : '', source);
    return { matches: false, rehash: false };
  }
  const matches = await queue.run(() => verifyPassword(normalized.password, stored), source);
  return { matches, rehash: matches && needsRehash(stored) };
}
