import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/connection.ts';
import { currentUnit, UnitOfWork } from '../../src/sessions/unit_of_work.ts';
import { mara, relyingParty } from '../support/demo.ts';
import { client, type RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/** Design 4.12: what could not be written was not done, and no answer says otherwise. */
describe('when the database fails', () => {
  let server: TestServer;
  let app: RelyingParty;

  beforeAll(async () => {
    server = await startTestServer();
    app = await relyingParty(server, { clientId: 'app' });
  });
  afterAll(() => server.stop());

  const userinfo = (token: string) =>
    fetch(`${server.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${token}`, origin: 'https://app.example.test' },
    });

  test('a write that fails at the end takes the whole answer back: no token, no cookie, no redirect', async () => {
    const flow = await app.begin();
    const end = await app.browser.submit('#login-form', mara);
    await withoutTable('audit_events', async () => {
      await expect(app.finish(flow, end)).rejects.toMatchObject({ cause: { status: 500 } });
    });
    app.browser.cookies.clear();

    await app.begin();
    const page = await withoutTable('sessions', () => app.browser.submit('#login-form', mara));
    expect(page.status).toBe(500);
    expect(page.document.query('#error-page')).toBeDefined();
    expect(page.stoppedAt).toBeUndefined();
    expect(page.headers['set-cookie']).toBeUndefined();
  });

  test('while it is away: 503 as JSON for programs, as a page for people, and afterwards all is well', async () => {
    const { tokens, claims } = await app.signIn(mara);
    const { end, begin } = await outage();
    await begin();
    try {
      const answer = await userinfo(tokens.access_token);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBeTruthy();
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example.test');
      expect(await answer.json()).toMatchObject({ error: 'temporarily_unavailable' });

      const page = await app.begin();
      expect(page.page.status).toBe(503);
      expect(page.page.headers['set-cookie']).toBeUndefined();
      // From memory, so still there.
      expect((await fetch(`${server.issuer}/.well-known/jwks.json`)).status).toBe(200);
      expect((await fetch(`${server.publicUrl}/livez`)).status).toBe(200);
      expect((await fetch(`${server.publicUrl}/readyz`)).status).toBe(503);
    } finally {
      await end();
    }
    await expect
      .poll(async () => (await userinfo(tokens.access_token)).status, { timeout: 10_000 })
      .toBe(200);
    const after = await client.fetchUserInfo(app.config, tokens.access_token, claims.sub as string);
    expect(after.sub).toBe(claims.sub);
  });

  test('a store call outside a unit, or after its flush, is a mistake that shows', async () => {
    expect(() => currentUnit()).toThrow('no unit of work');
    const scope = { tenantId: 'default', workspaceId: 'demo' };
    const secrets = { seal: String, open: String };
    const unit = new UnitOfWork(server.db.knex, scope, secrets);
    await unit.flush();
    await expect(unit.find('Session', 'x')).rejects.toThrow('has ended');
    expect(() => unit.destroy('Session', 'x')).toThrow('has ended');
  });

  async function withoutTable<T>(table: string, work: () => Promise<T>): Promise<T> {
    await server.db.knex.raw(`ALTER TABLE ${table} RENAME TO ${table}_away`);
    try {
      return await work();
    } finally {
      await server.db.knex.raw(`ALTER TABLE ${table}_away RENAME TO ${table}`);
    }
  }

  /** Nobody can connect, and whoever was connected is not any more. */
  async function outage() {
    const name = new URL(server.url).pathname.slice(1);
    const url = new URL(server.url);
    url.pathname = '/postgres';
    const admin = openDatabase({ url: url.href, poolMax: 1 });
    return {
      begin: async () => {
        await admin.knex.raw(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
        await admin.knex.raw(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ? AND pid <> pg_backend_pid()`,
          [name],
        );
      },
      end: async () => {
        await admin.knex.raw(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
        await admin.close();
      },
    };
  }
});
