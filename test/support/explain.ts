import type { Knex } from 'knex';

type Raw = { query(text: string, values: unknown[]): Promise<{ rows: Record<string, string>[] }> };

/**
 * The plan of the last read that `work` sends through knex, run once more as it stands: its text, and how many rows
 * its nodes gave and threw away, together. A plan says what a list will cost when there is a million of them.
 */
export async function explainList(
  knex: Knex,
  work: () => Promise<{ readonly status: number }>,
): Promise<{ plan: string; rows: number }> {
  const reads: { sql: string; bindings: unknown[] }[] = [];
  const watch = ({ sql, bindings }: { sql: string; bindings: unknown[] }) => {
    if (/^\s*(select|with)\b/i.test(sql)) reads.push({ sql, bindings });
  };
  knex.on('query', watch);
  try {
    const { status } = await work();
    if (status !== 200) throw new Error(`the list answered ${status}`);
  } finally {
    knex.removeListener('query', watch);
  }
  const last = reads.at(-1);
  if (last === undefined) throw new Error('the list read nothing');
  // The text is numbered already; the driver takes it as it is.
  const connection = (await knex.client.acquireConnection()) as Raw;
  try {
    const { rows } = await connection.query(`EXPLAIN (ANALYZE, TIMING OFF) ${last.sql}`, last.bindings);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    return { plan, rows: rowsIn(plan) };
  } finally {
    await knex.client.releaseConnection(connection);
  }
}

const rowsIn = (plan: string): number =>
  [...plan.matchAll(/rows=(\d+)(?:\.\d+)? loops=(\d+)|Rows Removed by Filter: (\d+)/g)].reduce(
    (sum, [, rows, loops, removed]) => sum + Number(rows ?? removed) * Number(loops ?? 1),
    0,
  );
