import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seek } from '../../src/imports/seek.ts';
import { startApiServer, type ApiServer } from '../support/api_server.ts';
import { SYSTEM_ACTOR } from '../support/domain.ts';
import { countPeople, ended, importFile, ndjson, newPool, somebody, type Line } from './support.ts';

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server.stop());

/** Imports people; gives how many were written, and the lines that were refused with the reason. */
async function importing(pool: string, ...people: readonly Line[]) {
  const { body } = await importFile(server, pool, ndjson(...people));
  const { body: job } = await ended(server, pool, body.id);
  const errors = job.errors as { line: number; pointer: string; code: string; message: string }[];
  return {
    created: job.created as number,
    refused: errors.map(({ line, pointer, code }) => [line, pointer, code]),
    messages: errors.map(({ message }) => message),
  };
}

const named = (id: string, name: string): Line =>
  somebody(id, { identifiers: [{ type: 'email', identifier: name }] });

/** Somebody who has proven an address and signs in by another name. */
const proven = (id: string, address: string): Line =>
  somebody(id, {
    identifiers: [{ type: 'uid', identifier: id }],
    verifiable_addresses: [{ type: 'email', address, verified: true }],
  });

const AT_IDENTIFIER = '/identifiers/0/identifier';
const AT_ADDRESS = '/verifiable_addresses/0/address';

// Most files hold people who are all new, and are written before anything is looked up: what no unique index sees has
// to be found all the same, each by itself.
describe('among people who are all new, an import finds', () => {
  test("a name of one who is there that is another's proven address, and the other way round", async () => {
    const pool = await newPool(server);
    await importing(pool, named('ann', 'Ann@example.test'), proven('bob', 'bob@example.test'));
    expect(
      await importing(pool, proven('thief-1', 'ann@example.test'), named('new-1', 'n1@x.test')),
    ).toMatchObject({
      created: 1,
      refused: [[1, AT_ADDRESS, 'identifier_taken']],
    });
    expect(
      await importing(pool, named('new-2', 'n2@x.test'), named('thief-2', 'BOB@example.test')),
    ).toMatchObject({
      created: 1,
      refused: [[2, AT_IDENTIFIER, 'identifier_taken']],
    });
  });

  test('the same within the file, across batches too, and goes on after it', async () => {
    const pool = await newPool(server);
    const crowd = Array.from({ length: 2_200 }, (_, index) => named(`c${index}`, `c${index}@x.test`));
    crowd[1] = proven('holder', 'held@example.test');
    crowd[2] = named('near', 'held@example.test');
    crowd[1_500] = named('far', 'held@example.test');
    // An address of one's own is no rival of one's own name.
    crowd[2_100] = somebody('both', {
      identifiers: [{ type: 'email', identifier: 'Both@example.test' }],
      verifiable_addresses: [{ type: 'email', address: 'both@example.test', verified: true }],
    });
    const { created, refused, messages } = await importing(pool, ...crowd);
    expect([created, refused]).toEqual([
      2_198,
      [
        [3, AT_IDENTIFIER, 'identifier_taken'],
        [1_501, AT_IDENTIFIER, 'identifier_taken'],
      ],
    ]);
    expect(new Set(messages)).toEqual(new Set(['belongs to the person of line 2']));
    expect(await countPeople(server, pool)).toEqual({ said: 2_198, held: 2_198 });
  });

  test('an id that is a client', async () => {
    const pool = await newPool(server);
    await server.domain.clients.create(
      { tenantId: 'default', workspaceId: 'admin' },
      { id: 'backend', grantTypes: ['client_credentials'] },
      SYSTEM_ACTOR,
    );
    expect(await importing(pool, somebody('person'), somebody('backend'))).toMatchObject({
      created: 1,
      refused: [[2, '/id', 'id_taken']],
    });
  });
});

test('a look-up goes by its key in a pool that the planner does not know yet', async () => {
  const [known, unknown] = [await newPool(server), await newPool(server)];
  const crowd = Array.from({ length: 1_000 }, (_, index) => somebody(`known-${index}`));
  await importing(known, ...crowd);
  await server.db.knex.raw('ANALYZE identifiers');
  for (const [column, by] of [
    ['n.lookup_key', 'plain'],
    ['n.identifier_lc', 'bytes'],
  ] as const) {
    const within = ['n.tenant_id', 'n.pool_id'];
    const { rows } = await server.db.knex.raw<{ rows: Record<string, string>[] }>(
      `EXPLAIN SELECT k.key, found.user_id FROM unnest(ARRAY['a', 'b']) AS k(key), LATERAL (
         SELECT n.user_id FROM identifiers n WHERE n.tenant_id = 'default' AND n.pool_id = ?
            AND ${seek(column, 'k.key', { within, by })}) found`,
      [unknown],
    );
    const conditions = rows
      .flatMap((row) => Object.values(row))
      .filter((line) => line.includes('Index Cond'));
    expect(conditions).toEqual([expect.stringContaining(column.slice(2))]);
  }
});
