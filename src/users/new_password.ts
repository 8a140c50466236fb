import { hashPassword } from '../credentials/hashers/index.ts';
import type { HashQueue } from '../credentials/hash_queue.ts';
import { normalizePassword } from '../credentials/password.ts';
import { invalid, refuseAny } from '../domain_error.ts';
import type { Pool } from '../pools/pool.ts';
import { failedPasswordRules } from '../pools/password_policy.ts';
import type { Credential } from './user.ts';

/** A password that an administrator sets for somebody. */
export type NewPassword = {
  readonly password: string;
  readonly mustBeChanged: boolean;
  /** Wins over `mustBeChanged`. */
  readonly mustBeReset: boolean;
};

export type HashedPassword = {
  readonly hash: string;
  readonly state: Credential['state'];
  /** 0: never. */
  readonly expiresAfterSeconds: number;
};

const REFUSALS = {
  too_long: 'must be at most 256 characters',
  nul: 'must not contain the NUL character',
  malformed_unicode: 'must be well-formed Unicode',
} as const;

/**
 * Checks a new password against the pool's policy and hashes it. Takes 30 ms of one core, in its turn: call it
 * before opening a transaction. Throws `DomainError` with every failed rule, or `HashQueueFull`.
 */
export async function hashNewPassword(
  hashQueue: HashQueue,
  pool: Pick<Pool, 'passwordPolicy' | 'passwordSettings'>,
  { password, mustBeChanged, mustBeReset }: NewPassword,
  pointer: string,
): Promise<HashedPassword> {
  const normalized = normalizePassword(password);
  if (!normalized.ok) throw invalid(pointer, REFUSALS[normalized.reason], 'password_refused');
  const failed = failedPasswordRules(pool.passwordPolicy, normalized.password);
  refuseAny(
    failed.map(({ message }) => ({ pointer, message })),
    'password_policy',
  );
  const hash = await hashQueue.run(() => hashPassword(normalized.password));
  const state = mustBeReset ? 'must_be_reset' : mustBeChanged ? 'must_be_changed' : 'valid';
  return { hash, state, expiresAfterSeconds: pool.passwordSettings.expiresAfterSeconds };
}
