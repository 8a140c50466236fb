import type { Knex } from 'knex';
import { withClient } from '../db/connection.ts';

/** A counter and what it allows. `key` undefined: this side is not counted. */
export type CountedKey = {
  key: string | undefined;
  maxAttempts: number;
  blockSeconds: number;
};

/** A try that was counted, and in which run of tries, so that it can be taken back from that run only. */
export type CountedTry = {
  tenantId: string;
  accountKey: string | undefined;
  accountSince: string | null;
  sourceKey: string | undefined;
  sourceSince: string | null;
};

export type CountOutcome =
  | { allowed: true; counted: CountedTry }
  | { allowed: false; blockedBy: 'account' | 'source'; blockedUntil: Date; retryAfterSeconds: number };

// A row nobody tried for a day says nothing any more.
const FORGET_AFTER = `interval '24 hours'`;

/**
 * SQL of one counter's step. It refuses (no row) while blocked, starts again at one when the last block is
 * over, and blocks with the try that reaches the limit: that try is still evaluated, the next is not.
 */
function countSql(key: string, max: string, blockSeconds: string, over: string, unless: string): string {
  const until = `now() + make_interval(secs => ${blockSeconds})`;
  const restart = `(coalesce(a.blocked_until <= now(), false) OR ${over})`;
  return `
    INSERT INTO attempts AS a (tenant_id, key, tries, first_at, last_at, blocked_until)
    SELECT $1, ${key}, 1, now(), now(), CASE WHEN ${max} <= 1 THEN ${until} END
     WHERE ${key} IS NOT NULL AND NOT (${unless})
    ON CONFLICT (tenant_id, key) DO UPDATE SET
      tries = CASE WHEN ${restart} THEN 1 ELSE a.tries + 1 END,
      first_at = CASE WHEN ${restart} THEN now() ELSE a.first_at END,
      last_at = now(),
      blocked_until = CASE WHEN (CASE WHEN ${restart} THEN 1 ELSE a.tries + 1 END) >= ${max} THEN ${until} END
     WHERE a.blocked_until IS NULL OR a.blocked_until <= now()
    RETURNING first_at`;
}

// The source before the account, here and wherever a try is settled: one order of locks, no deadlock. A blocked
// source is counted nowhere, else it could keep any number of accounts blocked. A try at a blocked account still
// counts at its source: it is a guess, it costs a hash like any other, and so it ends there too.
const COUNT = `
  WITH blocked AS (
    SELECT key, blocked_until FROM attempts
     WHERE tenant_id = $1 AND key IN ($2, $5) AND blocked_until > now()
  ), source AS (${countSql('$5::text', '$6::int', '$7::int', `a.first_at <= now() - make_interval(secs => $7::int)`, 'EXISTS (SELECT FROM blocked WHERE key = $5)')}
  ), account AS (${countSql('$2::text', '$3::int', '$4::int', `a.last_at <= now() - ${FORGET_AFTER}`, `EXISTS (SELECT FROM blocked) OR ($5::text IS NOT NULL AND NOT EXISTS (SELECT FROM source))`)}
  )
  SELECT source.first_at::text AS source_since,
         account.first_at::text AS account_since,
         block.until AS blocked_until,
         ceil(extract(epoch FROM block.until - now()))::int AS retry_after_seconds
    FROM (SELECT CASE WHEN $5 IS NOT NULL AND NOT EXISTS (SELECT FROM source)
                      THEN coalesce((SELECT blocked_until FROM blocked WHERE key = $5),
                                    now() + make_interval(secs => $7::int))
                      ELSE coalesce((SELECT blocked_until FROM blocked WHERE key = $2),
                                    now() + make_interval(secs => $4::int)) END AS until) AS block
    LEFT JOIN source ON true
    LEFT JOIN account ON true`;

type CountRow = {
  source_since: string | null;
  account_since: string | null;
  blocked_until: Date;
  retry_after_seconds: number;
};

// Always true; makes the account wait for the source.
const AFTER_SOURCE = `(SELECT count(*) FROM attempt_source) >= 0`;

/** Counts one try on both sides, in one statement, committed when this resolves. `knex` is no transaction. */
export async function countTry(
  knex: Knex,
  tenantId: string,
  account: CountedKey,
  source: CountedKey,
): Promise<CountOutcome> {
  if (knex.isTransaction)
    throw new Error('An attempt is counted outside of transactions: no rollback may undo it');
  const row = await withClient(knex, async (client) => {
    const { rows } = await client.query<CountRow>({
      name: 'attempt-count',
      text: COUNT,
      values: [
        tenantId,
        account.key,
        account.maxAttempts,
        account.blockSeconds,
        source.key,
        source.maxAttempts,
        source.blockSeconds,
      ],
    });
    return rows[0]!;
  });
  const sourceAllows = source.key === undefined || row.source_since !== null;
  const accountAllows = account.key === undefined || row.account_since !== null;
  if (sourceAllows && accountAllows) {
    const { source_since: sourceSince, account_since: accountSince } = row;
    return {
      allowed: true,
      counted: { tenantId, accountKey: account.key, accountSince, sourceKey: source.key, sourceSince },
    };
  }
  return {
    allowed: false,
    // Whoever guesses too much is told so whomever they guess at: it says nothing about the account.
    blockedBy: sourceAllows ? 'account' : 'source',
    blockedUntil: row.blocked_until,
    retryAfterSeconds: row.retry_after_seconds,
  };
}

/** A piece for `WITH ...` and its values, to ride in a statement of the caller. */
export type StatementPart = { sql: string; values: (string | null)[] };

/**
 * The common table expressions that settle a successful try: the account's counter is gone, the source's is
 * one lower. The caller's statement follows them.
 * @param firstParameter number of the first placeholder to use; four are used.
 */
export function settleSuccessPart(counted: CountedTry, firstParameter: number): StatementPart {
  const parameter = (offset: number) => `$${firstParameter + offset}`;
  const [tenantId, sourceKey, sourceSince, accountKey] = [
    parameter(0),
    parameter(1),
    parameter(2),
    parameter(3),
  ];
  return {
    sql: `
      attempt_source AS (${uncountSql(tenantId, sourceKey, sourceSince)}),
      attempt_account AS (
        DELETE FROM attempts WHERE tenant_id = ${tenantId} AND key = ${accountKey} AND ${AFTER_SOURCE})`,
    values: settleValues(counted).slice(0, 4),
  };
}

/** Settles a successful try in a statement of its own. */
export async function settleSuccess(executor: Knex, counted: CountedTry): Promise<void> {
  const { sql, values } = settleSuccessPart(counted, 1);
  await withClient(executor, (client) =>
    client.query({ name: 'attempt-success', text: `WITH ${sql} SELECT`, values }),
  );
}

/** Takes a try back that was never evaluated: both counters are one lower. */
export async function withdrawTry(executor: Knex, counted: CountedTry): Promise<void> {
  const text = `
    WITH attempt_source AS (${uncountSql('$1', '$2', '$3')}),
      attempt_account AS (${uncountSql('$1', '$4', '$5', AFTER_SOURCE)})
    SELECT`;
  await withClient(executor, (client) =>
    client.query({ name: 'attempt-withdraw', text, values: settleValues(counted) }),
  );
}

/** One try less in the run that began at `since`; a block ends with it, since it needed that try. */
function uncountSql(tenantId: string, key: string, since: string, condition = 'true'): string {
  return `
    UPDATE attempts SET tries = tries - 1, blocked_until = NULL
     WHERE tenant_id = ${tenantId} AND key = ${key} AND first_at = ${since}::timestamptz AND tries > 0
       AND ${condition} RETURNING 1`;
}

function settleValues(counted: CountedTry): (string | null)[] {
  const { tenantId, sourceKey = null, sourceSince, accountKey = null, accountSince } = counted;
  return [tenantId, sourceKey, sourceSince, accountKey, accountSince];
}

/** Deletes one counter, and its block with it. */
export async function deleteCounter(executor: Knex, tenantId: string, key: string): Promise<void> {
  const text = 'DELETE FROM attempts WHERE tenant_id = $1 AND key = $2';
  await withClient(executor, (client) =>
    client.query({ name: 'attempt-delete', text, values: [tenantId, key] }),
  );
}

/** Deletes up to `limit` counters that have no meaning any more; gives how many. Safe at any number of nodes. */
export async function deleteForgottenAttempts(executor: Knex, limit: number): Promise<number> {
  return withClient(executor, async (client) => {
    const { rowCount } = await client.query({
      name: 'attempts-forget',
      text: `
        DELETE FROM attempts WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM attempts
           WHERE last_at <= now() - ${FORGET_AFTER} AND coalesce(blocked_until <= now(), true)
           LIMIT $1 FOR UPDATE SKIP LOCKED))`,
      values: [limit],
    });
    return rowCount ?? 0;
  });
}
