import type { Knex } from 'knex';
import { hashPassword, isExpensive, methodTakes, verifyPassword } from '../../credentials/hashers/index.ts';
import type { HashQueue } from '../../credentials/hash_queue.ts';
import { ratePassword } from '../../credentials/password_strength.ts';
import { isOnlyAWord, wordsAround, type PasswordOwner } from '../../credentials/password_words.ts';
import { normalizePassword } from '../../credentials/password.ts';
import { invalid, refuseAny } from '../../domain_error.ts';
import { passwordMethod, type Pool } from '../../pools/pool.ts';
import { failedCounts, failedStrength, type FailedRule } from '../../pools/password_policy.ts';
import { readEarlierPasswords } from './password_store.ts';
import type { Credential } from '../user.ts';

/** A password that somebody sets for a person or for themselves. */
export type NewPassword = {
  readonly password: string;
  readonly mustBeChanged: boolean;
  /** Wins over `mustBeChanged`. */
  readonly mustBeReset: boolean;
};

/** What `putPassword` writes. */
export type HashedPassword = {
  readonly hash: string;
  readonly state: Credential['state'];
  /** 0: never. */
  readonly expiresAfterSeconds: number;
  /** How many passwords are kept to compare later ones with, this one included. */
  readonly historyLength: number;
  /**
   * Since when the password had been there that this one was compared with (null: there was none). It is the one
   * to be replaced, else something changed meanwhile. Undefined: whatever is there.
   */
  readonly replaces?: string | null | undefined;
};

/** The pool of the person, as far as passwords depend on it. */
export type PasswordPool = Pick<Pool, 'tenantId' | 'id' | 'name' | 'passwordPolicy' | 'passwordSettings'>;

export type NewPasswordContext = {
  /** Where the password stands in the caller's input (JSON pointer). */
  readonly pointer: string;
  readonly user?: PasswordOwner | undefined;
  /** The address of the request, where a stranger may ask. */
  readonly source?: string | undefined;
};

const REFUSALS = {
  too_long: 'must be at most 256 characters',
  nul: 'must not contain the NUL character',
  malformed_unicode: 'must be well-formed Unicode',
} as const;

/**
 * Checks a new password against all rules of the pool's policy and hashes it in the pool's method. Takes one or
 * two turns of the hash queue: call it before opening a transaction, then `putPassword` inside.
 * @param user whose it will be: identifiers and payload are what a guesser tries, earlier passwords what may not
 *   come again.
 * @throws {DomainError} 422 with every failed rule in its issues.
 * @throws {HashQueueFull} when the machine is too busy.
 */
export async function hashNewPassword(
  { hashQueue }: { readonly hashQueue: HashQueue },
  executor: Knex,
  pool: PasswordPool,
  { password, mustBeChanged, mustBeReset }: NewPassword,
  { pointer, user = {}, source }: NewPasswordContext,
): Promise<HashedPassword> {
  const normalized = normalizePassword(password);
  if (!normalized.ok) throw invalid(pointer, REFUSALS[normalized.reason], 'password_refused');
  const text = normalized.password;
  const { passwordPolicy: policy, passwordSettings: settings } = pool;
  const method = passwordMethod(settings);

  const { failed } = await failedRules(pool, text, user, source);
  const scope = { tenantId: pool.tenantId, poolId: pool.id, userId: user.userId ?? '' };
  const earlier =
    user.userId === undefined || policy.notUsedSince === 0
      ? undefined
      : await readEarlierPasswords(executor, scope, policy.notUsedSince);
  if (earlier && (await wasUsed(hashQueue, earlier.hashes, text, source))) {
    const message =
      policy.notUsedSince === 1
        ? 'must not be the present password'
        : `must not be one of the last ${policy.notUsedSince} passwords`;
    failed.push({ rule: 'not_used_since', message });
  }
  refuseAny(
    failed.map((rule) => ({ pointer, ...rule })),
    'password_policy',
  );

  return {
    hash: await hashQueue.run(() => hashPassword(text, method), source),
    state: mustBeReset ? 'must_be_reset' : mustBeChanged ? 'must_be_changed' : 'valid',
    expiresAfterSeconds: settings.expiresAfterSeconds,
    historyLength: policy.notUsedSince,
    replaces: earlier?.since,
  };
}

/** How a password does by the rules of a pool: all but those that need its person's earlier ones. */
export type RatedPassword = {
  readonly failed: readonly FailedRule[];
  /** 0 (guessed at once) to 4; undefined when it could not be told. */
  readonly score: number | undefined;
};

/**
 * The same rules for whoever is still typing: nothing is hashed, nothing stored is read.
 * @throws {HashQueueFull} when the machine is too busy.
 */
export async function rateNewPassword(
  pool: PasswordPool,
  password: string,
  { user = {}, source }: Pick<NewPasswordContext, 'user' | 'source'>,
): Promise<RatedPassword> {
  const normalized = normalizePassword(password);
  if (normalized.ok) return failedRules(pool, normalized.password, user, source);
  const rule = normalized.reason === 'too_long' ? 'max_length' : 'blocklist';
  return { failed: [{ rule, message: REFUSALS[normalized.reason] }], score: undefined };
}

async function failedRules(
  pool: PasswordPool,
  text: string,
  user: PasswordOwner,
  source: string | undefined,
): Promise<{ readonly failed: FailedRule[]; readonly score: number | undefined }> {
  const failed = failedCounts(pool.passwordPolicy, text);
  if (!methodTakes(passwordMethod(pool.passwordSettings), text))
    failed.push({ rule: 'max_length', message: 'must be at most 72 bytes long' });
  const { guessing, score } = await failedGuessing(pool, text, user, source);
  return { failed: [...failed, ...guessing], score };
}

/** Strength, and the passwords that everybody or anybody around this person would try. */
async function failedGuessing(
  { tenantId, id, name, passwordPolicy }: PasswordPool,
  text: string,
  user: PasswordOwner,
  source: string | undefined,
): Promise<{ readonly guessing: FailedRule[]; readonly score: number | undefined }> {
  const words = wordsAround([tenantId, id, name], user);
  const rated = await ratePassword(text, words, source);
  if (rated === undefined) {
    const message = 'could not be rated: choose another one';
    const guessing = passwordPolicy.strength === 'any' ? [] : [{ rule: 'strength', message }];
    return { guessing, score: undefined };
  }
  const failed = failedStrength(passwordPolicy, rated.score);
  if (rated.common) {
    failed.push({ rule: 'blocklist', message: 'is one of the passwords that are tried first everywhere' });
  } else if (isOnlyAWord(text, words)) {
    failed.push({
      rule: 'blocklist',
      message: 'must not be a name or identifier of yours or of this service',
    });
  }
  return { guessing: failed, score: rated.score };
}

/** One job, however many there are: each costs what a sign-in does. */
function wasUsed(
  hashQueue: HashQueue,
  hashes: readonly string[],
  text: string,
  source: string | undefined,
): Promise<boolean> {
  const compare = async () => {
    for (const hash of hashes) if (await verifyPassword(text, hash)) return true;
    return false;
  };
  return hashes.some(isExpensive) ? hashQueue.runExpensive(compare, source) : hashQueue.run(compare, source);
}
