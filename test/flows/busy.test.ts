import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { relyingParty } from '../support/demo.ts';
import { RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/** Rule 33: a bounded queue before the hash; beyond it 503 with a time, and nothing is counted. */
describe('more sign-ins than the machine can hash', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ SOURCE_ATTEMPT_LIMIT: '100000' });
  });
  afterAll(() => server.stop());

  test('the rest is told when to come back, on a page that keeps the way in', async () => {
    const app = await relyingParty(server, { clientId: 'rush' });
    const crowd = await Promise.all(
      Array.from({ length: 150 }, async () => {
        const visitor = await RelyingParty.discover(app.options);
        await visitor.begin();
        return visitor;
      }),
    );
    const pages = await Promise.all(
      crowd.map((visitor, index) =>
        visitor.browser.submit('#login-form', { identifier: `n${index}@example.test`, password: 'wrong' }),
      ),
    );
    const busy = pages.filter(({ status }) => status === 503);
    expect(busy.length).toBeGreaterThan(0);
    expect(pages.length - busy.length).toBeGreaterThan(0);
    for (const page of busy) expect(Number(page.headers['retry-after'])).toBeGreaterThan(0);
    expect(pages.every(({ status }) => status === 200 || status === 503)).toBe(true);
    // A try that was turned away was not counted.
    const { rows } = await server.db.knex.raw<{ rows: { tries: number }[] }>(
      `SELECT coalesce(max(tries), 0)::int AS tries FROM attempts`,
    );
    expect(rows[0]?.tries).toBe(pages.length - busy.length);
  });
});
