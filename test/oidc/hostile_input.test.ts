import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callback, mara, relyingParty, secret } from '../support/demo.ts';
import type { RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const MEGABYTE = 'x'.repeat(1_000_000);

/** Bad input gets a 4xx with a clear message: never a 5xx, never a stack. */
describe('hostile input', () => {
  let server: TestServer;
  let app: RelyingParty;

  beforeAll(async () => {
    server = await startTestServer();
    app = await relyingParty(server, { clientId: 'app' });
  });
  afterAll(() => server.stop());

  const basic = `Basic ${Buffer.from(`app:${secret}`).toString('base64')}`;
  const form = 'application/x-www-form-urlencoded';

  async function post(
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
  ) {
    const response = await fetch(`${server.issuer}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': form, authorization: basic, ...headers },
      redirect: 'manual',
    });
    return { status: response.status, body: await response.text() };
  }

  function expectRefused({ status, body }: { status: number; body: string }, what: string): void {
    expect(status, `${what}: ${body.slice(0, 200)}`).toBeGreaterThanOrEqual(400);
    expect(status, `${what}: ${body.slice(0, 200)}`).toBeLessThan(500);
    expect(body).not.toMatch(/node_modules|\bat [A-Za-z]+ \(|select .* from|\/src\//i);
  }

  test.each(['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke', '/par', '/userinfo'])(
    '%s refuses what it cannot read',
    async (path) => {
      const bodies: [string, string | Uint8Array<ArrayBuffer>, Record<string, string>?][] = [
        ['JSON', '{"grant_type":', { 'content-type': 'application/json' }],
        ['text', 'hello', { 'content-type': 'text/plain' }],
        ['a megabyte', `grant_type=${MEGABYTE}`],
        ['NUL', 'grant_type=client_credentials%00&token=%00&code=%00'],
        ['invalid UTF-8', new Uint8Array([0x67, 0x3d, 0xff, 0xfe])],
        ['percent nonsense', 'grant_type=%zz&token=%ff%fe'],
        ['twice', 'grant_type=authorization_code&grant_type=refresh_token&token=a&token=b'],
        ['arrays', 'grant_type[]=a&token[__proto__][x]=1&__proto__=1&constructor=1'],
        ['unknown grant', 'grant_type=password&username=a&password=b'],
        ['lone surrogate', 'grant_type=authorization_code&code=%ED%A0%80&redirect_uri=x&token=%ED%A0%80'],
      ];
      for (const [what, body, headers] of bodies) {
        const answer = await post(path, body, headers);
        // Revocation and introspection of a token that is not one are successes (RFC 7009 §2.2, RFC 7662 §2.2).
        if (answer.status === 200 && /introspect|revoke/.test(path)) continue;
        expectRefused(answer, `${path} ${what}`);
      }
    },
  );

  test('odd Authorization headers', async () => {
    for (const header of [
      'Bearer',
      'Bearer ',
      'Bearer  x',
      'Basic',
      'Basic !!!',
      'Basic Og==',
      `Basic ${Buffer.from('app').toString('base64')}`,
      `Basic ${Buffer.from('app:\u0000').toString('base64')}`,
      `Basic ${Buffer.from('%zz:%zz').toString('base64')}`,
      `Basic ${Buffer.from(`app:${MEGABYTE.slice(0, 9_000)}`).toString('base64')}`,
      'Digest x',
      'a b c d',
      'Bearer ünïcode',
    ]) {
      for (const path of ['/oauth2/token', '/oauth2/introspect', '/userinfo']) {
        const answer = await raw(path, header);
        expect(answer, `${path} ${header.slice(0, 30)}`).toBeGreaterThanOrEqual(400);
        expect(answer, `${path} ${header.slice(0, 30)}`).toBeLessThan(500);
      }
    }
  });

  test('the hash of a secret is no secret', async () => {
    const { secret_hash: hash } = await server.db
      .knex('clients')
      .where({ client_id: 'app' })
      .first<{ secret_hash: string }>('secret_hash');
    const answer = await post('/oauth2/token', 'grant_type=client_credentials', {
      authorization: `Basic ${Buffer.from(`app:${encodeURIComponent(hash)}`).toString('base64')}`,
    });
    expect(answer.status).toBe(401);
  });

  test('authorization requests of every kind', async () => {
    const good = {
      client_id: 'app',
      redirect_uri: callback,
      response_type: 'code',
      scope: 'openid',
      code_challenge: 'a'.repeat(43),
      code_challenge_method: 'S256',
    };
    const queries: Record<string, string> = {
      'an unknown client': query({ ...good, client_id: 'nobody' }),
      'a client id with NUL': query({ ...good, client_id: 'a\u0000b' }),
      'a client id of 10 kB': query({ ...good, client_id: MEGABYTE.slice(0, 10_000) }),
      'prototype names': query({ ...good, client_id: '__proto__' }),
      'client_id twice': `${query(good)}&client_id=other`,
      'state twice': `${query(good)}&state=a&state=b`,
      'a request object': query({ ...good, request: 'x.y.z' }),
      'a request_uri': query({ ...good, request_uri: 'https://evil.test/' }),
      'percent nonsense': `${query(good)}&state=%zz%ff`,
      'a lone surrogate': `${query(good)}&login_hint=%ED%A0%80`,
      'an odd prompt': query({ ...good, prompt: 'none login' }),
      'an odd max_age': query({ ...good, max_age: '-1' }),
      'an odd response mode': query({ ...good, response_mode: '__proto__' }),
      'a wild scope': query({ ...good, scope: 'openid "\\ \u0001' }),
    };
    for (const [what, text] of Object.entries(queries)) {
      const page = await app.browser.clone().open(`${server.issuer}/oauth2/authorize?${text}`);
      if (page.stoppedAt) expect(page.stoppedAt.origin, what).toBe('https://app.example.test');
      else expect(page.status, `${what}: ${page.document.text.slice(0, 200)}`).toBeLessThan(500);
    }
  });

  test('sign-in forms of every kind', async () => {
    const { page } = await app.begin();
    const { action } = page.document.form('#login-form');
    const cookie = app.browser.cookies.header({ url: action }) ?? '';
    for (const [what, body, type] of [
      ['JSON', '{"identifier":{"id":"1"}}', 'application/json'],
      ['two passwords', 'identifier=a&password=b&password=c', form],
      ['NUL', 'identifier=a%00&password=b', form],
      ['invalid UTF-8', 'identifier=%ff&password=b', form],
      ['a megabyte', `identifier=${MEGABYTE}`, form],
      ['many fields', Array.from({ length: 100 }, (_, i) => `f${i}=1`).join('&'), form],
      ['nothing', '', form],
    ] as const) {
      const response = await fetch(action, {
        method: 'POST',
        body,
        headers: { 'content-type': type, cookie, 'sec-fetch-site': 'same-origin' },
      });
      expectRefused({ status: response.status, body: await response.text() }, what);
    }
    // The sign-in is unharmed by all of it.
    const end = await app.browser.submit('#login-form', mara);
    expect(end.stoppedAt?.searchParams.has('code')).toBe(true);
  });

  test('paths that look like ours', async () => {
    for (const path of [
      '//default/demo/oauth2/token',
      '/default//demo/.well-known/openid-configuration',
      '/default/demo/../admin/userinfo',
      '/default%2fdemo/userinfo',
      '/DEFAULT/demo/userinfo',
      '/default/demo',
      '/default/demo/',
      '/default/demo/interaction',
      '/default/demo/interaction/x/y/z/w',
      '/default/demo/interaction/%00',
      '/default/identity/demo-users/login',
      '/constructor/prototype/userinfo',
      '/.well-known/openid-configuration/default',
      '/.well-known/openid-configuration/default/%2e%2e',
      '/assets/../src/server.ts',
      '/%',
    ]) {
      const status = await rawPath(path);
      expect(status, path).toBeGreaterThanOrEqual(400);
      expect(status, path).toBeLessThan(500);
    }
  });

  const query = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();
  const raw = (path: string, authorization: string) =>
    send(
      `POST /default/demo${path} HTTP/1.1\r\nhost: localhost:${server.port}\r\nconnection: close\r\n` +
        `content-type: ${form}\r\nauthorization: ${authorization}\r\ncontent-length: 29\r\n\r\ngrant_type=client_credentials`,
    );
  const rawPath = (path: string) =>
    send(`GET ${path} HTTP/1.1\r\nhost: localhost:${server.port}\r\nconnection: close\r\n\r\n`);

  function send(text: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write(Buffer.from(text, 'latin1')));
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(Number(answer.split(' ')[1])));
    });
  }
});
