import type { Knex } from 'knex';
import { withClient } from '../db/connection.ts';

export type IdempotentRequest = {
  readonly tenantId: string;
  /** Keyed hash of caller, route and key. */
  readonly keyHash: string;
  readonly bodyHash: string;
};

/** What is known of a key: it is ours to answer, is being answered, has been, or stands for another body. */
export type ClaimOutcome =
  | { readonly state: 'ours' }
  | { readonly state: 'under_way' }
  | { readonly state: 'answered'; readonly answer: string }
  | { readonly state: 'other_body' };

/**
 * Claims a key for `seconds`, in one guarded statement committed at once: of requests at the same moment one
 * gets it. A claim whose holder died runs out like any other.
 */
export async function claimKey(
  executor: Knex,
  { tenantId, keyHash, bodyHash }: IdempotentRequest,
  seconds: number,
): Promise<ClaimOutcome> {
  return withClient(executor, async (client) => {
    const claimed = await client.query({
      name: 'idempotency-claim',
      text: `INSERT INTO idempotent_answers AS a (tenant_id, key_hash, body_hash, expires_at)
             VALUES ($1, $2, $3, now() + make_interval(secs => $4))
             ON CONFLICT (tenant_id, key_hash) DO UPDATE
               SET body_hash = excluded.body_hash, answer = NULL, expires_at = excluded.expires_at
             WHERE a.expires_at <= now()
             RETURNING 1`,
      values: [tenantId, keyHash, bodyHash, seconds],
    });
    if (claimed.rowCount === 1) return { state: 'ours' };
    const { rows } = await client.query<{ body_hash: string; answer: string | null }>({
      name: 'idempotency-find',
      text: `SELECT body_hash, answer FROM idempotent_answers WHERE tenant_id = $1 AND key_hash = $2`,
      values: [tenantId, keyHash],
    });
    const [row] = rows;
    // Given up by its holder since: whoever comes next may claim it.
    if (row === undefined) return { state: 'under_way' };
    if (row.body_hash !== bodyHash) return { state: 'other_body' };
    return row.answer === null ? { state: 'under_way' } : { state: 'answered', answer: row.answer };
  });
}

/** Keeps the first answer for whoever repeats the request. */
export async function keepAnswer(executor: Knex, request: IdempotentRequest, answer: string): Promise<void> {
  await claimOf(executor, request).update({ answer });
}

/** Gives a key up: nothing happened, so the request may be repeated under it. */
export async function releaseKey(executor: Knex, request: IdempotentRequest): Promise<void> {
  await claimOf(executor, request).del();
}

// The body too: a request that took longer than its key lived must not speak for the one that has the key now.
const claimOf = (executor: Knex, { tenantId, keyHash, bodyHash }: IdempotentRequest) =>
  executor('idempotent_answers').where({
    tenant_id: tenantId,
    key_hash: keyHash,
    body_hash: bodyHash,
    answer: null,
  });

/** Deletes up to `limit` answers nobody can ask for any more; gives how many. Safe at any number of nodes. */
export async function sweepAnswers(executor: Knex, limit: number): Promise<number> {
  return withClient(executor, async (client) => {
    const { rowCount } = await client.query({
      name: 'idempotency-sweep',
      text: `DELETE FROM idempotent_answers WHERE ctid = ANY (ARRAY(
               SELECT ctid FROM idempotent_answers WHERE expires_at <= now() LIMIT $1 FOR UPDATE SKIP LOCKED))`,
      values: [limit],
    });
    return rowCount ?? 0;
  });
}
