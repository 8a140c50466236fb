import { answerOf, expectDeclared, type ApiAnswer, type ApiServer } from '../support/api_server.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';

/** A pool of its own for a test. Gives its id. */
export async function newPool(server: ApiServer, settings: object = {}): Promise<string> {
  const name = `Pool ${Math.random().toString(36).slice(2, 12)}`;
  const pool = await server.domain.pools.create({ tenantId: 'default' }, { name, ...settings }, SYSTEM_ACTOR);
  return pool.id;
}

export const poolPath = (poolId: string): string => `/api/identity/default/admin/pools/${poolId}`;

/** Sends a file as an import, as it is. */
export async function importFile(
  server: ApiServer,
  poolId: string,
  file: string | Uint8Array | ReadableStream,
  {
    query = '',
    type = 'application/x-ndjson',
    token,
  }: { query?: string; type?: string; token?: string } = {},
): Promise<ApiAnswer> {
  const path = `${poolPath(poolId)}/imports${query}`;
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token ?? (await server.token('default'))}`,
      'content-type': type,
    },
    body: file as never,
    duplex: 'half',
  } as RequestInit);
  const answer = await answerOf(response);
  expectDeclared('POST', path, answer);
  return answer;
}

export type Line = Record<string, unknown>;
export const ndjson = (...lines: readonly Line[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');

/** Somebody who may sign in by an address of their own. */
export const somebody = (id: string, more: Line = {}): Line => ({
  id,
  status: 'active',
  payload: person(id),
  identifiers: [{ type: 'email', identifier: `${id}@example.test` }],
  ...more,
});

/** Waits until an import has ended; gives it with its errors. */
export async function ended(server: ApiServer, poolId: string, importId: string): Promise<ApiAnswer> {
  for (;;) {
    const answer = await server.api('default').get(`${poolPath(poolId)}/imports/${importId}`);
    if (answer.body.finished_at !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** How many people a pool says that it holds, and how many it does hold. */
export async function countPeople(
  server: ApiServer,
  poolId: string,
): Promise<{ said: number; held: number }> {
  const { number_of_users: said } = (await server.api('default').get(poolPath(poolId))).body;
  const held = await server.db.knex('users').where({ tenant_id: 'default', pool_id: poolId }).count('* as n');
  return { said, held: Number(held[0]?.n) };
}
