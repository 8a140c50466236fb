import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer, type ApiServer } from '../support/api_server.ts';
import { ended, importFile, ndjson, newPool, somebody } from '../imports/support.ts';

describe('files of people that try to break what reads them', () => {
  let server: ApiServer;
  let pool: string;
  beforeAll(async () => {
    server = await startApiServer();
    pool = await newPool(server);
  });
  afterAll(() => server.stop());

  async function sendCsv(...lines: readonly string[]) {
    const { status, body } = await importFile(server, pool, lines.join('\n'), { type: 'text/csv' });
    expect(status).toBe(201);
    return (await ended(server, pool, body.id)).body;
  }
  const names = 'payload.name,payload.given_name,payload.family_name';

  it('a column inside another one is a refusal of the file', async () => {
    const file = [`uid,${names},payload.name.deeper`, 'a-1,A,A,A,x', 'a-2,B,B,B,'].join('\n');
    const { status, body } = await importFile(server, pool, file, { type: 'text/csv' });
    expect({ status, code: body.error_code }).toEqual({ status: 422, code: 'file_refused' });
  });

  it.each([
    ['created_at', { created_at: '0000-01-01T00:00:00Z' }],
    [
      'verified_at',
      {
        verifiable_addresses: [
          { type: 'email', address: 'a@example.test', verified: true, verified_at: '0000-06-01T00:00:00Z' },
        ],
      },
    ],
    ['a late one', { created_at: '9999-12-31T23:59:59.999999999-23:59' }],
  ])('a moment that the database does not know (%s) spoils its own row at most', async (_, more) => {
    const id = Math.random().toString(36).slice(2, 10);
    const file = ndjson(somebody(`odd-${id}`, more), somebody(`even-${id}`));
    const { status, body } = await importFile(server, pool, file);
    expect(status).toBe(201);
    const job = (await ended(server, pool, body.id)).body;
    expect(job).toMatchObject({ status: 'completed', created: 1, failed: 1, errors: [{ line: 1 }] });
  });

  it.each([
    ['a NUL', '{"x":"\\u0000"}'],
    ['a lone surrogate', '{"x":"\\ud800"}'],
    ['a key of every object', '{"__proto__":{"polluted":1}}'],
    ['a key of the database', '{"\\u0000":1}'],
    ['a number beyond all', '{"x":1e999}'],
    ['a well', '['.repeat(30_000) + ']'.repeat(30_000)],
  ])('JSON in a cell with %s is the row that is wrong, and the next one is written', async (_, json) => {
    const id = Math.random().toString(36).slice(2, 10);
    const cell = `"${json.replaceAll('"', '""')}"`;
    const job = await sendCsv(
      `uid,${names},metadata.more:json`,
      `bad-${id},A,A,A,${cell}`,
      `good-${id},B,B,B,`,
    );
    expect(job).toMatchObject({ created: 1, failed: 1, errors: [{ line: 2 }] });
    expect({}).not.toHaveProperty('polluted');
  });
});
