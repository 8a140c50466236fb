import type { Knex } from 'knex';
import type { PoolScope } from '../pools/pool.ts';
import { sha256 } from '../security/tokens.ts';
import { CHALLENGE_SECONDS } from './passkey_ceremony.ts';

/** What a challenge was given out for; it is good for nothing else (rule 3). */
export type ChallengeUse =
  | { readonly purpose: 'create'; readonly userId: string }
  /** `flow`: the running sign-in. */
  | { readonly purpose: 'get'; readonly flow: string };

// Of one person at a time: some open tabs, not a place to fill.
const MOST_OPEN = 8;

/** Remembers that a challenge was given out. The person's oldest beyond a few, and the expired ones, go. */
export async function insertChallenge(
  executor: Knex,
  scope: PoolScope,
  challenge: string,
  use: ChallengeUse,
): Promise<void> {
  const userId = use.purpose === 'create' ? use.userId : null;
  await executor.raw(
    `WITH gone AS (
       DELETE FROM passkey_challenges c USING (
         SELECT challenge_hash, expires_at <= now() OR row_number() OVER (ORDER BY created_at DESC) >= :most AS over
           FROM passkey_challenges
          WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId) o
        WHERE c.tenant_id = :tenantId AND c.pool_id = :poolId AND c.challenge_hash = o.challenge_hash AND o.over)
     INSERT INTO passkey_challenges (tenant_id, pool_id, challenge_hash, purpose, user_id, flow, expires_at)
     VALUES (:tenantId, :poolId, :hash, :purpose, :userId, :flow, now() + make_interval(secs => :seconds))`,
    {
      tenantId: scope.tenantId,
      poolId: scope.poolId,
      hash: sha256(challenge),
      purpose: use.purpose,
      userId,
      flow: use.purpose === 'get' ? use.flow : '',
      seconds: CHALLENGE_SECONDS,
      most: MOST_OPEN,
    } as unknown as Record<string, string>,
  );
}

/** Uses a challenge up: one guarded statement, true for one caller at most (rule 1). */
export async function consumeChallenge(
  executor: Knex,
  scope: PoolScope,
  challenge: string,
  use: ChallengeUse,
): Promise<boolean> {
  const gone = await executor('passkey_challenges')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, challenge_hash: sha256(challenge) })
    .andWhere(
      use.purpose === 'create'
        ? { purpose: 'create', user_id: use.userId }
        : { purpose: 'get', flow: use.flow },
    )
    .andWhere('expires_at', '>', executor.fn.now())
    .del();
  return gone === 1;
}

/** Removes expired challenges, at most `limit`, that no other process holds. Gives how many. */
export async function sweepChallenges(executor: Knex, limit: number): Promise<number> {
  const { rowCount } = await executor.raw<{ rowCount: number }>(
    `DELETE FROM passkey_challenges c USING (
       SELECT tenant_id, pool_id, challenge_hash FROM passkey_challenges WHERE expires_at <= now()
        LIMIT ? FOR UPDATE SKIP LOCKED) e
      WHERE (c.tenant_id, c.pool_id, c.challenge_hash) = (e.tenant_id, e.pool_id, e.challenge_hash)`,
    [limit],
  );
  return rowCount;
}
