import { checkPassword } from '../../credentials/check_password.ts';
import type { HashQueue } from '../../credentials/hash_queue.ts';
import { inTransaction } from '../../db/transaction.ts';
import { invalid, notFound, requireVersion, unauthorized, type ExpectedVersion } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import { passwordMethod, type PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import { countGuess, evaluating, type GuessDeps } from '../codes/guess.ts';
import { findPasswordHolder, type PasswordHolder } from './password_holder_store.ts';
import { rehashLater } from './rehash.ts';
import { lookupKeysOf, type UserKey } from '../user_key.ts';
import type { Credential } from '../user.ts';

export type PasswordCheckDeps = GuessDeps & { readonly hashQueue: HashQueue };

export type PasswordQuestion = {
  /** By id or by a sign-in name, one of the two. */
  readonly key: Pick<UserKey, 'userId' | 'identifier'>;
  readonly password: string;
  /** Undefined when a trusted backend asks for the person. */
  readonly source: string | undefined;
};

export type PasswordVerdict = {
  /** '' when nobody is known by that key, or nobody who may sign in. */
  readonly userId: string;
  /** `must_be_reset` where there is nothing that could be valid. */
  readonly state: Credential['state'];
  readonly result:
    | 'password_correct'
    | 'password_incorrect'
    | 'password_expired'
    | 'no_password'
    | 'user_not_found';
};

/**
 * Checks a person's password for a system that signs people in by itself (contract 2.2), and says what came of it.
 * The try counts before it is looked at; every answer costs the same statements and one pass through the hash queue.
 * @throws {DomainError} 404 for an unknown pool, 422 for a key that names nobody or two, 429 while blocked.
 */
export async function judgePassword(
  deps: PasswordCheckDeps,
  scope: PoolScope,
  { key, password, source }: PasswordQuestion,
  by: Actor,
  expected?: ExpectedVersion,
): Promise<PasswordVerdict> {
  const { db, attempts, hashQueue } = deps;
  const pool = (await findPool(db.knex, scope)) ?? absentPool();
  const { userId, identifierKey } = lookupKeysOf(key, pool);
  if ((key.userId ?? '') === '' && (key.identifier ?? '') === '') {
    throw invalid('', 'must name a person by userID or identifier');
  }
  const holder = await findPasswordHolder(db.knex, scope, userId === '' ? { identifierKey } : { userId });
  requireVersion(expected, holder ?? { rowVersion: 0 });

  const subject = holder?.userId ?? `unknown:${userId === '' ? identifierKey : userId}`;
  const counted = await countGuess(deps, scope, { kind: 'identity_verify_password', subject, source });
  const person = holder?.status === 'active' ? holder : undefined;
  const stored = person?.password ?? undefined;
  const method = passwordMethod(pool.passwordSettings);
  const { matches, rehash } = await evaluating(deps, counted, () =>
    checkPassword(hashQueue, password, stored?.hash, source, method),
  );

  const verdict = verdictOn(person, matches);
  await inTransaction(db, async (tx) => {
    await recordAudit(tx, scope, by, {
      subject: 'password',
      action: matches ? 'accepted' : 'rejected',
      affected: { poolId: scope.poolId, ...(holder && { userId: holder.userId }) },
      payload: { ...(holder && { user_id: holder.userId }), purpose: 'verify', result: verdict.result },
    });
    if (matches) await attempts.succeedAttempt(tx, counted);
  });
  if (stored && rehash) rehashLater({ knex: db.knex, hashQueue }, scope, stored, password, method);
  return verdict;
}

/** The older form of the question: who it is and the state, or the one answer to everything that is not right. */
export async function requirePassword(
  deps: PasswordCheckDeps,
  scope: PoolScope,
  question: PasswordQuestion,
  by: Actor,
  expected?: ExpectedVersion,
): Promise<PasswordVerdict> {
  const verdict = await judgePassword(deps, scope, question, by, expected);
  if (verdict.result === 'password_correct') return verdict;
  // This form has no word for it: what has expired must be replaced before it opens anything.
  if (verdict.result === 'password_expired') return { ...verdict, state: 'must_be_reset' };
  throw unauthorized('The name or the password is wrong', 'password_incorrect');
}

function verdictOn(person: PasswordHolder | undefined, matches: boolean): PasswordVerdict {
  if (person === undefined) return { userId: '', state: 'must_be_reset', result: 'user_not_found' };
  const { userId, password } = person;
  if (password === null) return { userId, state: 'must_be_reset', result: 'no_password' };
  const { state } = password;
  if (!matches) return { userId, state, result: 'password_incorrect' };
  return { userId, state, result: password.expired ? 'password_expired' : 'password_correct' };
}

function absentPool(): never {
  throw notFound('Pool');
}
