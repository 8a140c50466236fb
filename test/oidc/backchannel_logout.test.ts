import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, type JWTPayload } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/db/transaction.ts';
import { endAccess } from '../../src/sessions/end_access.ts';
import { claimNotices } from '../../src/sessions/logout_notices_store.ts';
import { addPerson, addWorkspace, callback, secret, SYSTEM_ACTOR } from '../support/demo.ts';
import { client, RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const tenant = { tenantId: 'default' };
const person = { identifier: 'noor@example.test', password: 'a long enough password' };

/** OpenID Connect Back-Channel Logout 1.0, for every way in which a session ends. */
describe('applications are told of the end of a session', () => {
  let server: TestServer;
  let receiver: Server;
  let scope: { tenantId: string; workspaceId: string };
  let at: { poolId: string; connectionId: string };
  let userId: string;
  const told: { path: string; token: JWTPayload }[] = [];
  /** What the application at a path answers; undefined: nothing, ever. */
  const answers = new Map<string, number | undefined>();
  let connections = 0;

  beforeAll(async () => {
    server = await startTestServer({ OUTBOUND_ALLOW_HOSTS: 'localhost' });
    receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const path = request.url ?? '';
        told.push({ path, token: decodeJwt(new URLSearchParams(body).get('logout_token') ?? '') });
        const status = answers.has(path) ? answers.get(path) : 204;
        if (status !== undefined) response.writeHead(status).end();
      });
    });
    receiver.on('connection', () => (connections += 1));
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const made = await addWorkspace(server.elsewhere, 'told');
    scope = { ...tenant, workspaceId: made.workspaceId };
    at = made;
    userId = await addPerson(server.elsewhere, at.poolId, person);
    await Promise.all([application('one'), application('two')]);
  });
  afterAll(async () => {
    receiver.closeAllConnections();
    receiver.close();
    await server.stop();
  });
  afterEach(() => {
    told.length = 0;
    answers.clear();
  });

  const addressOf = (id: string, host = 'localhost') =>
    `http://${host}:${(receiver.address() as AddressInfo).port}/${id}`;
  const application = (id: string, uri = addressOf(id)) =>
    server.elsewhere.clients.create(
      scope,
      {
        id,
        clientSecret: secret,
        trusted: true,
        redirectUris: [callback],
        settings: { backchannel_logout_uri: uri, backchannel_logout_session_required: true },
      },
      SYSTEM_ACTOR,
    );
  const party = (id: string, browser?: RelyingParty['browser']) =>
    RelyingParty.discover(
      {
        issuer: `${server.publicUrl}/default/told`,
        clientId: id,
        clientSecret: secret,
        redirectUri: callback,
      },
      browser,
    );
  /** Signed in at both applications in one browser. */
  const signedIn = async (...ids: string[]) => {
    const [first = 'one', ...others] = ids;
    const app = await party(first);
    const { tokens } = await app.signIn(person);
    for (const id of others) await (await party(id, app.browser)).begin({ prompt: 'none' });
    return { app, idToken: tokens.id_token ?? '' };
  };
  const signOut = ({ app, idToken }: Awaited<ReturnType<typeof signedIn>>) =>
    app.browser.open(client.buildEndSessionUrl(app.config, { id_token_hint: idToken }));
  const notices = () => server.db.knex('logout_notices').where(where());
  const where = () => ({ tenant_id: scope.tenantId, workspace_id: scope.workspaceId });
  const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 10_000 });
  const paths = () => told.map(({ path }) => path).toSorted();
  const dueAgain = () =>
    server.db
      .knex('logout_notices')
      .where(where())
      .update({ next_attempt_at: new Date(0) });

  test('a sign-out tells each, and one that does not answer keeps nobody waiting', async () => {
    answers.set('/one', undefined);
    const session = await signedIn('one', 'two');
    const page = await signOut(session);
    expect(page.status).toBe(200);
    await eventually(paths).toEqual(['/one', '/two']);
    const { sid } = decodeJwt(session.idToken) as { sid?: string };
    const one = told.find(({ path }) => path === '/one');
    expect(one?.token).toMatchObject({
      aud: 'one',
      sub: userId,
      sid: sid ?? (expect.any(String) as string),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
    receiver.closeAllConnections();
    await eventually(async () => (await notices()).map(({ last_error: error }) => error as string)).toEqual([
      'unreachable',
    ]);
    answers.clear();
    await dueAgain();
    await eventually(async () => (await notices()).length).toBe(0);
    // Another token: the first may have been used.
    expect(new Set(told.map(({ token }) => token.jti)).size).toBe(3);
  });

  test.each([
    ['deactivated', () => update('inactive')],
    [
      'revoked',
      () => server.elsewhere.revocations.ofSubjects(scope, { subjects: [userId], by: SYSTEM_ACTOR }),
    ],
    [
      'disconnected',
      () =>
        server.elsewhere.connections.update(
          { ...scope, connectionId: at.connectionId },
          { disabled: true },
          SYSTEM_ACTOR,
        ),
    ],
  ])('a person who is %s', async (_how, end) => {
    await signedIn('one');
    await end();
    await eventually(paths).toEqual(['/one']);
    await update('active');
    await server.elsewhere.connections.update(
      { ...scope, connectionId: at.connectionId },
      { disabled: false },
      SYSTEM_ACTOR,
    );
  });
  const update = (status: 'active' | 'inactive') =>
    server.elsewhere.users.update({ ...tenant, poolId: at.poolId, userId }, { status }, SYSTEM_ACTOR);

  test('nothing that a session holds keeps it from ending', async () => {
    await signedIn('one');
    // As it would stand there after a request with such a `state`.
    await server.db.knex.raw(
      `UPDATE sessions SET payload = '{"state":{"state":"\\u0000\\ud800"},' || substr(payload, 2)
        WHERE tenant_id = ? AND workspace_id = ?`,
      [scope.tenantId, scope.workspaceId],
    );
    await server.elsewhere.revocations.ofSubjects(scope, { subjects: [userId], by: SYSTEM_ACTOR });
    await eventually(paths).toEqual(['/one']);
  });

  test('what is rolled back is not told; what a process that died had taken is told by the next', async () => {
    await signedIn('one');
    const end = (tx: Parameters<typeof endAccess>[0]) =>
      endAccess(tx, { ...tenant, userId }, 'password_reset');
    const undone = inTransaction(server.db, async (tx) => {
      await end(tx);
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    expect(await notices()).toEqual([]);
    const taken = await inTransaction(server.db, async (tx) => {
      await end(tx);
      return claimNotices(tx, { total: 10, each: { application: 10, host: 10 }, busy: {}, fullTenants: [] });
    });
    expect(taken).toHaveLength(1);
    await dueAgain();
    await eventually(paths).toEqual(['/one']);
    await eventually(async () => (await notices()).length).toBe(0);
  });

  test('fifty takers and the worker: each notice has one', async () => {
    const row = () => ({
      ...where(),
      notice_id: randomUUID(),
      client_id: 'one',
      account_id: userId,
      sid: randomUUID(),
    });
    await server.db.knex('logout_notices').insert(Array.from({ length: 50 }, row));
    const claims = await Promise.all(
      Array.from({ length: 50 }, () =>
        claimNotices(server.db.knex, {
          total: 1,
          each: { application: 50, host: 50 },
          busy: {},
          fullTenants: [],
        }),
      ),
    );
    const claimed = claims.flat().map(({ sid }) => sid);
    await eventually(() => told.length + claimed.length).toBe(50);
    expect(new Set([...claimed, ...told.map(({ token }) => token.sid)]).size).toBe(50);
    await eventually(async () => (await notices()).length).toBe(claimed.length);
    await server.db.knex('logout_notices').where(where()).del();
  });

  describe('an application that answers is told, and nobody has answered or been given up before', () => {
    const row = (id: string) => ({ ...where(), client_id: id, account_id: userId, sid: id });
    /** The slow ones have two notices each, and came first. */
    async function prompt(slow: readonly string[], id: string): Promise<void> {
      await application(id);
      await server.db.knex('logout_notices').insert([...slow, ...slow].map(row));
      await server.db.knex('logout_notices').insert(row(id));
    }

    test('when many others do not answer, each at a host of its own', async () => {
      const silent = Array.from({ length: 20 }, () => createServer(() => undefined));
      const slow = await Promise.all(
        silent.map(async (one, index) => {
          await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
          const { port } = one.address() as AddressInfo;
          return (await application(`slow${index}`, `http://localhost:${port}/`)).id;
        }),
      );
      await prompt(slow, 'prompt');
      await eventually(paths).toEqual(['/prompt']);
      expect(await notices().whereNotNull('last_error')).toEqual([]);
      for (const one of silent) {
        one.closeAllConnections();
        one.close();
      }
      await notices().del();
    });

    test('when many others at one host do not answer', async () => {
      let asked = 0;
      const silent = createServer(() => (asked += 1));
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const { port } = silent.address() as AddressInfo;
      const slow = Array.from({ length: 40 }, (_, index) => `shared${index}`);
      for (const id of slow) await application(id, `http://localhost:${port}/${id}`);
      await prompt(slow, 'beside');
      await eventually(paths).toEqual(['/beside']);
      expect(await notices().whereNotNull('last_error')).toEqual([]);
      expect(asked).toBeLessThanOrEqual(8);
      silent.closeAllConnections();
      silent.close();
      await notices().del();
    });
  });

  test('what fails for a day becomes an event; what is not public is never called', async () => {
    await application('inside', addressOf('inside', '127.0.0.1'));
    answers.set('/two', 503);
    const before = connections;
    const inside = await signedIn('inside');
    await signOut(inside);
    await eventually(async () => (await notices()).map(({ last_error: error }) => error as string)).toEqual([
      'unreachable',
    ]);
    expect(connections).toBe(before);
    await signOut(await signedIn('two'));
    await eventually(paths).toEqual(['/two']);
    await eventually(async () => (await notices().where({ last_error: 'status_503' })).length).toBe(1);
    await server.db
      .knex('logout_notices')
      .where(where())
      .update({ created_at: new Date(0) });
    await dueAgain();
    const events = async () => {
      const rows = await server.db.knex('audit_events').where({ action: 'logout_failed' });
      return rows.map(({ payload }) => (payload as { client_logout_failed: unknown }).client_logout_failed);
    };
    await eventually(async () => (await events()).length).toBe(2);
    expect(await events()).toEqual(
      expect.arrayContaining([
        { client_id: 'two', user_id: userId, attempts: 2, failure_reason: 'status_503' },
        { client_id: 'inside', user_id: userId, attempts: 2, failure_reason: 'unreachable' },
      ]),
    );
    expect(await notices()).toEqual([]);
  });
});
