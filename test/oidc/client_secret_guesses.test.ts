import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secret, SYSTEM_ACTOR } from '../support/demo.ts';
import { client, RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { watchStatements } from '../support/statements.ts';

const LIMIT = 10;
const ENDPOINTS = ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke', '/par'];

/** Contract 3.2, `client_authentication`, with its default of ten wrong secrets a minute. */
describe('guesses of client secrets', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ TRUST_PROXY: '127.0.0.1,::1' });
  });
  afterAll(() => server.stop());

  const backend = async (
    id: string,
    method: 'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt',
  ) => {
    await server.elsewhere.clients.create(
      { tenantId: 'default', workspaceId: 'demo' },
      { id, clientSecret: secret, grantTypes: ['client_credentials'], tokenEndpointAuthMethod: method },
      SYSTEM_ACTOR,
    );
    return id;
  };

  const present = async (
    clientId: string,
    given: string,
    source: string,
    endpoint = ENDPOINTS[0],
    issuer = server.issuer,
  ) => {
    const response = await fetch(`${issuer}${endpoint}`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${given}`).toString('base64')}`,
        'x-forwarded-for': source,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', token: 'nothing' }),
    });
    const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body };
  };
  const counted = (answers: readonly { status: number }[], status: number) =>
    answers.filter((answer) => answer.status === status).length;

  test('fifty at once: ten are evaluated, whatever the endpoint and way; elsewhere nothing is locked', async () => {
    const id = await backend('raced', 'client_secret_basic');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        present(id, `a wrong secret, number ${n}`, '192.0.2.7', ENDPOINTS[n % ENDPOINTS.length]),
      ),
    );
    expect([counted(answers, 401), counted(answers, 429)]).toEqual([LIMIT, 50 - LIMIT]);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({ error: 'temporarily_unavailable' });
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused?.headers.get('cache-control')).toBe('no-store');
    expect(refused?.headers.get('www-authenticate')).toBeNull();
    // The right one is not told from a wrong one there.
    expect(await present(id, secret, '192.0.2.7')).toMatchObject({ status: 429, body: refused?.body });
    expect(await present(id, secret, '192.0.2.8')).toMatchObject({ status: 200 });
    await server.db
      .knex('attempts')
      .whereNotNull('blocked_until')
      .update({ blocked_until: new Date(0) });
    expect(await present(id, secret, '192.0.2.7')).toMatchObject({ status: 200 });
  });

  test('who has the secret goes on beside who guesses, with no statement; a secret rotated away ends', async () => {
    const id = await backend('working', 'client_secret_basic');
    const house = (n: number) => `2001:db8:1:2::${n}`;
    // A fleet that starts says the same thing many times: no run of failures.
    const first = await Promise.all(Array.from({ length: 50 }, () => present(id, secret, house(1))));
    expect(counted(first, 200)).toBe(50);
    for (let n = 0; n < LIMIT; n += 1) {
      expect(await present(id, `wrong ${n}`, house(2))).toMatchObject({ status: 401 });
    }
    expect(await present(id, 'wrong again', house(3))).toMatchObject({ status: 429 });
    const log = watchStatements();
    const { result, statements } = await log.during(() => present(id, secret, house(4)));
    log.stop();
    expect(result.status).toBe(200);
    expect(statements).toEqual([]);
    const scope = { tenantId: 'default', clientId: id };
    await server.elsewhere.clients.rotateSecret(scope, {}, SYSTEM_ACTOR);
    await server.elsewhere.clients.revokeRotatedSecrets(scope, SYSTEM_ACTOR);
    // What was proven is still compared; then it is one wrong secret more, where no more are taken.
    await expect.poll(async () => (await present(id, secret, house(4))).status).toBe(429);
  });

  test('who has the secret goes on at a process that has just begun, too', async () => {
    const id = await backend('restarted', 'client_secret_basic');
    expect(await present(id, secret, '192.0.2.21')).toMatchObject({ status: 200 });
    for (let n = 0; n < LIMIT; n += 1) await present(id, `wrong ${n}`, '192.0.2.21');
    const { url, db } = server;
    const given = { url, db, close: () => Promise.resolve() };
    const next = await startTestServer({ TRUST_PROXY: '127.0.0.1,::1' }, given);
    const at = (given: string, source: string) => present(id, given, source, ENDPOINTS[0], next.issuer);
    expect(await at('wrong again', '192.0.2.21')).toMatchObject({ status: 429 });
    expect(await at(secret, '192.0.2.21')).toMatchObject({ status: 200 });
    // From elsewhere nothing is known of it, and what is known is about this secret.
    for (let n = 0; n < LIMIT; n += 1) await at(`wrong ${n}`, '192.0.2.22');
    expect(await at(secret, '192.0.2.22')).toMatchObject({ status: 429 });
    await next.stop();
  });

  describe('in assertions (client_secret_jwt)', () => {
    const assertion = (id: string, key: string) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(id)
        .setSubject(id)
        .setAudience(server.issuer)
        .setJti(randomUUID())
        .setExpirationTime('1m')
        .sign(new TextEncoder().encode(key));
    const assert = async (id: string, key: string, source: string) => {
      const response = await fetch(`${server.issuer}/oauth2/token`, {
        method: 'POST',
        headers: { 'x-forwarded-for': source },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: await assertion(id, key),
        }),
      });
      return { status: response.status };
    };

    test('are counted as all others are', async () => {
      const id = await backend('asserting', 'client_secret_jwt');
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) => assert(id, `${n} `.padEnd(40, 'wrong '), '192.0.2.31')),
      );
      expect([counted(answers, 401), counted(answers, 429)]).toEqual([LIMIT, 50 - LIMIT]);
      expect(await assert(id, secret, '192.0.2.31')).toEqual({ status: 429 });
      expect(await assert(id, secret, '192.0.2.32')).toEqual({ status: 200 });
    });

    test('cost a client at work nothing, and it goes on beside who guesses; rotated secrets work on', async () => {
      const id = await backend('at-work', 'client_secret_jwt');
      const scope = { tenantId: 'default', clientId: id };
      const fresh = await server.elsewhere.clients.rotateSecret(scope, {}, SYSTEM_ACTOR);
      await expect.poll(async () => (await assert(id, fresh, '192.0.2.41')).status).toBe(200);
      expect(await assert(id, secret, '192.0.2.41')).toEqual({ status: 200 });
      for (let n = 0; n < LIMIT; n += 1) await assert(id, `${n} `.padEnd(40, 'wrong '), '192.0.2.41');
      expect(await assert(id, 'wrong again'.padEnd(40, '!'), '192.0.2.41')).toEqual({ status: 429 });
      const log = watchStatements();
      const { result, statements } = await log.during(() => assert(id, secret, '192.0.2.41'));
      log.stop();
      expect(result).toEqual({ status: 200 });
      // That it is used once (design 4.13).
      expect(statements).toHaveLength(1);
      expect(await assert(id, fresh, '192.0.2.41')).toEqual({ status: 200 });
    });
  });

  test('a stock client is told to come later', async () => {
    const id = await backend('stock', 'client_secret_post');
    const options = { issuer: server.issuer, clientId: id, redirectUri: 'https://none.example.test/' };
    const party = await RelyingParty.discover({ ...options, clientSecret: 'not the secret of this client' });
    for (let n = 0; n < LIMIT; n += 1) {
      const wrong = client.clientCredentialsGrant(party.config);
      await expect(wrong).rejects.toMatchObject({ error: 'invalid_client', status: 401 });
    }
    await expect(client.clientCredentialsGrant(party.config)).rejects.toMatchObject({
      error: 'temporarily_unavailable',
      status: 429,
    });
  });
});
