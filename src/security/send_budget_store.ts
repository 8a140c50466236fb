import type { Knex } from 'knex';

export type BudgetKey = { readonly key: string; readonly windowSeconds: number };

/**
 * Counts one message on every key, in one committed statement, and gives how many each key has had in its window.
 * A row's `blocked_until` is the end of its window here. Keys are taken in order: no deadlock.
 */
export async function countOnEach(
  knex: Knex,
  tenantId: string,
  keys: readonly BudgetKey[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await knex.raw<{ rows: { key: string; tries: number }[] }>(
    `INSERT INTO attempts AS a (tenant_id, key, tries, first_at, last_at, blocked_until)
     SELECT :tenantId, k.key, 1, now(), now(), now() + make_interval(secs => k."windowSeconds")
       FROM json_to_recordset(:keys) AS k(key text, "windowSeconds" integer) ORDER BY k.key
     ON CONFLICT (tenant_id, key) DO UPDATE SET
       tries = CASE WHEN a.blocked_until <= now() THEN 1 ELSE a.tries + 1 END,
       first_at = CASE WHEN a.blocked_until <= now() THEN now() ELSE a.first_at END,
       blocked_until = CASE WHEN a.blocked_until <= now() THEN excluded.blocked_until ELSE a.blocked_until END,
       last_at = now()
     RETURNING key, tries`,
    { tenantId, keys: JSON.stringify(keys) },
  );
  return new Map(rows.map(({ key, tries }) => [key, tries]));
}
