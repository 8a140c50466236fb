import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addPerson, addWorkspace, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import type { Page } from '../support/browser_without_javascript.ts';
import { RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type StatementLog, watchStatements } from '../support/statements.ts';

const password = 'a long enough password';
const tenant = { tenantId: 'default' };

/** Rule 17: one code path, one answer, one hash, for everyone who does not get in. */
describe('what a stranger can learn from the sign-in form', () => {
  let server: TestServer;
  let log: StatementLog;
  let first: RelyingParty;

  beforeAll(async () => {
    server = await startTestServer({ SOURCE_ATTEMPT_LIMIT: '100000' });
    const { poolId } = await addWorkspace(server.elsewhere, 'equal');
    const person = (name: string) =>
      addPerson(server.elsewhere, poolId, { identifier: `${name}@example.test`, password });
    await person('known');
    const inactive = await person('inactive');
    await server.elsewhere.users.update(
      { ...tenant, poolId, userId: inactive },
      { status: 'inactive' },
      SYSTEM_ACTOR,
    );
    const blocked = await person('blocked');
    expect(blocked).toBeTruthy();
    await server.elsewhere.users.create(
      { ...tenant, poolId },
      { status: 'new', identifiers: [{ type: 'email', identifier: 'invited@example.test' }] },
      SYSTEM_ACTOR,
    );
    await server.elsewhere.users.create(
      { ...tenant, poolId },
      {
        status: 'active',
        payload: { name: 'N', given_name: 'N', family_name: 'N' },
        identifiers: [{ type: 'email', identifier: 'passwordless@example.test' }],
      },
      SYSTEM_ACTOR,
    );
    first = await relyingParty(server, { workspaceId: 'equal' });
    for (let i = 0; i < 6; i += 1) await attempt('blocked@example.test', 'wrong');
    await attempt('warm@example.test', 'wrong');
    log = watchStatements();
  });
  afterAll(async () => {
    log.stop();
    await server.stop();
  });

  /** A browser that nobody has used yet, at the same application. */
  const visitor = () => RelyingParty.discover(first.options);

  async function attempt(identifier: string, given: string): Promise<Page> {
    const app = await visitor();
    await app.begin();
    return app.browser.submit('#login-form', { identifier, password: given });
  }

  async function observe(identifier: string, given: string) {
    const app = await visitor();
    await app.begin();
    const before = server.server.hashing().total;
    const { result: page, statements } = await log.during(() =>
      app.browser.submit('#login-form', { identifier, password: given }),
    );
    return {
      status: page.status,
      body: masked(page, identifier),
      headers: Object.keys(page.headers).sort(),
      cookies: [page.headers['set-cookie'] ?? []].flat().map((cookie) => cookie.split('=')[0]),
      hashes: server.server.hashing().total - before,
      statements,
    };
  }

  // What differs in every answer, whoever asks.
  const masked = (page: Page, identifier: string) =>
    page.body
      .replaceAll(page.url.pathname.split('/')[4] ?? '', '{uid}')
      .replaceAll(identifier, '{identifier}')
      .replaceAll(/nonce="[^"]+"/g, 'nonce')
      .replaceAll(/value="h1\.[^"]+"/g, 'token');

  test('unknown, wrong, deactivated, invited, without a password, blocked: the same in every way', async () => {
    const known = await observe('known@example.test', 'wrong');
    expect(known.hashes).toBe(1);
    for (const [identifier, given] of [
      ['nobody@example.test', password],
      ['inactive@example.test', password],
      ['invited@example.test', password],
      ['passwordless@example.test', password],
      ['passwordless@example.test', ''],
      ['known@example.test', ''],
      ['not a name at all', password],
      ['blocked@example.test', password],
      ['known@example.test', 'x'.repeat(5000)],
    ] as const) {
      expect(await observe(identifier, given), `${identifier} / ${given.slice(0, 30)}`).toEqual(known);
    }
  });

  test('afterwards the right password still works for the one it belongs to', async () => {
    const page = await attempt('known@example.test', password);
    expect(page.stoppedAt).toBeDefined();
  });
});
