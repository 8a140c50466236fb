import { Client } from 'pg';
import type { Database } from '../../src/db/connection.ts';

/** A node of a plan, as EXPLAIN tells of it. */
export type PlanNode = {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly PlanNode[];
};

export type ExplainedStatement = { readonly text: string; readonly plan: PlanNode };

type Sent = { readonly text: string; readonly values: unknown[] };

/** Runs `work` and explains each statement that it sent, with the values that it sent. `analyze` reads again. */
export async function explaining(
  db: Database,
  work: () => Promise<unknown>,
  { analyze = false } = {},
): Promise<ExplainedStatement[]> {
  const options = analyze ? 'ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON' : 'FORMAT JSON';
  const explained: ExplainedStatement[] = [];
  for (const { text, values } of await recording(work)) {
    const client = (await db.knex.client.acquireConnection()) as Client;
    try {
      const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
        `EXPLAIN (${options}) ${text}`,
        values,
      );
      explained.push({ text, plan: rows[0]!['QUERY PLAN'][0].Plan });
    } finally {
      await db.knex.client.releaseConnection(client);
    }
  }
  return explained;
}

/** What a person would notice of a plan: tables that it reads from end to end. */
export const tablesReadWhole = (plan: PlanNode): string[] => [
  ...(plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name'] ?? ''] : []),
  ...(plan.Plans ?? []).flatMap(tablesReadWhole),
];

/** Pages that a statement looked at; the top node counts those below it. */
export const pagesRead = (plan: PlanNode): number =>
  (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);

async function recording(work: () => Promise<unknown>): Promise<Sent[]> {
  // oxlint-disable-next-line typescript/unbound-method -- called with `this` below
  const original = Client.prototype.query;
  const sent: Sent[] = [];
  // oxlint-disable-next-line typescript/no-explicit-any -- pg overloads `query` beyond what a type can say
  Client.prototype.query = function recorded(this: Client, ...args: any[]) {
    const [query, values] = args as [{ text?: string; values?: unknown[] } | string, unknown[]?];
    const text = typeof query === 'string' ? query : (query.text ?? '');
    const bound = typeof query === 'string' ? (values ?? []) : (query.values ?? values ?? []);
    if (/^\s*(?:WITH|SELECT|INSERT|UPDATE|DELETE)/i.test(text)) sent.push({ text, values: bound });
    return (original as (...rest: unknown[]) => unknown).apply(this, args);
  } as typeof original;
  try {
    await work();
  } finally {
    Client.prototype.query = original;
  }
  return sent;
}
