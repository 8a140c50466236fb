import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import {
  countTry,
  deleteCounter,
  deleteForgottenAttempts,
  settleSuccess,
  settleSuccessPart,
  withdrawTry,
  type CountedTry,
  type CountOutcome,
  type StatementPart,
} from './attempts_store.ts';
import type { Sealer } from './seal.ts';
import { sourceOf } from './source_address.ts';

export type { CountedTry, CountOutcome, StatementPart } from './attempts_store.ts';

/** What can be guessed; each has a limit of its own that a tenant may set. */
export const PROTECTED_TYPES = [
  'mfa',
  'client_authentication',
  'device_handling',
  'identity_activate_self_registered',
  'identity_activate_with_extended_code',
  'identity_address_verification',
  'identity_authentication',
  'identity_change_password',
  'identity_change_totp_secret',
  'identity_code_inspect',
  'identity_code_verify',
  'identity_confirm_password',
  'identity_registration',
  'identity_self_activation',
  'identity_self_change_password',
  'identity_self_change_totp_secret',
  'identity_self_register',
  'identity_set_credential',
  'identity_verify_password',
] as const;

export type ProtectedType = (typeof PROTECTED_TYPES)[number];

/** After `maxAttempts` failures in a row nothing is evaluated for `blockSeconds`. 0 attempts: no limit. */
export type AttemptLimit = { maxAttempts: number; blockSeconds: number };

export type Attempt = {
  tenantId: string;
  poolId: string;
  kind: ProtectedType;
  /** The user id; for an unknown person the canonical identifier, which counts in the same way. */
  subject: string;
  /** Where the request comes from. Undefined where there is no network in between (the command line). */
  source: string | undefined;
  /** Id of a browser that this very person has signed in with before, as `known_browser.ts` verified it. */
  browser?: string | undefined;
};

export type Attempts = {
  /**
   * Counts a try, before it is evaluated. One statement, committed when this resolves. Evaluate only when
   * `allowed`, and then tell the end of it: `succeedAttempt`, `withdrawAttempt`, or nothing for a wrong guess.
   */
  beginAttempt(db: Pick<Database, 'knex'>, attempt: Attempt, limit: AttemptLimit): Promise<CountOutcome>;
  /** The guess was right: the account's failures are forgotten, and this try no longer counts at the source. */
  succeedAttempt(executor: Knex, counted: CountedTry): Promise<void>;
  /** The same as a part of the caller's own statement: `WITH ${sql} UPDATE ...`. The last one of a transaction. */
  successPart(counted: CountedTry, firstParameter: number): StatementPart;
  /** Nothing was evaluated (the hash queue was full): the try does not count at all. */
  withdrawAttempt(executor: Knex, counted: CountedTry): Promise<void>;
  /**
   * Forgets the failures of an account, and its block with them: for whoever proves in another way that the
   * account is theirs to use. Known browsers and sources keep their own.
   */
  forgetAccount(executor: Knex, account: Omit<Attempt, 'source' | 'browser'>): Promise<void>;
  /** Removes counters that mean nothing any more, at most `limit`; gives how many. */
  sweep(executor: Knex, limit: number): Promise<number>;
};

const SOURCE_WINDOW_SECONDS = 5 * 60;
const HASH_PURPOSE = 'attempts';

/** The limit of a tenant that has not set one. */
export function defaultLimit(kind: ProtectedType): AttemptLimit {
  return kind === 'client_authentication'
    ? { maxAttempts: 10, blockSeconds: 60 }
    : { maxAttempts: 5, blockSeconds: 5 * 60 };
}

/**
 * The one counter for everything that can be guessed: failures in a row for each account and kind, and wrong
 * guesses of all kinds for each source address, both within a tenant.
 *
 * A browser that the person has used before counts apart, under account and browser, and not at its source: a
 * stranger who blocks the account, or fills the limit of a shared address, does not lock that person out
 * (T-110). The stranger cannot have such a browser, and its five guesses are for this account only; what comes
 * after them counts at its source.
 * @param sourceLimit wrong guesses of one source in five minutes (SOURCE_ATTEMPT_LIMIT).
 */
export function createAttempts(sealer: Sealer, { sourceLimit }: { sourceLimit: number }): Attempts {
  const hash = (...parts: string[]) => sealer.keyedHash(HASH_PURPOSE, JSON.stringify(parts));

  function accountKey({ tenantId, poolId, kind, subject, browser }: Attempt): string {
    const parts = [tenantId, poolId, kind, subject];
    return browser === undefined ? hash('account', ...parts) : hash('browser', ...parts, browser);
  }

  function sourceKey({ tenantId, source, browser }: Attempt): string | undefined {
    if (source === undefined || browser !== undefined) return undefined;
    return hash('source', tenantId, sourceOf(source) ?? source);
  }

  return {
    async beginAttempt(db, attempt, limit) {
      const { tenantId } = attempt;
      const bySource = (key: string | undefined) => ({
        key,
        maxAttempts: sourceLimit,
        blockSeconds: SOURCE_WINDOW_SECONDS,
      });
      const key = limit.maxAttempts > 0 ? accountKey(attempt) : undefined;
      const outcome = await countTry(db.knex, tenantId, { key, ...limit }, bySource(sourceKey(attempt)));
      if (outcome.allowed || attempt.browser === undefined) return outcome;
      // A known browser that has used its own guesses up is one more guesser at its source.
      const stranger = bySource(sourceKey({ ...attempt, browser: undefined }));
      const asStranger = await countTry(db.knex, tenantId, { key: undefined, ...limit }, stranger);
      return asStranger.allowed ? outcome : asStranger;
    },
    succeedAttempt: settleSuccess,
    successPart: settleSuccessPart,
    withdrawAttempt: withdrawTry,
    forgetAccount: (executor, account) =>
      deleteCounter(executor, account.tenantId, accountKey({ ...account, source: undefined })),
    sweep: deleteForgottenAttempts,
  };
}
