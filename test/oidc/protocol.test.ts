import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callback, mara, relyingParty, secret, SYSTEM_ACTOR } from '../support/demo.ts';
import { client, type RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

describe('the protocol as configured', () => {
  let server: TestServer;
  let app: RelyingParty;

  beforeAll(async () => {
    server = await startTestServer();
    app = await relyingParty(server, { clientId: 'app' });
  });
  afterAll(() => server.stop());

  const authorize = (parameters: Record<string, string>) =>
    app.browser
      .clone()
      .open(
        `${server.issuer}/oauth2/authorize?${new URLSearchParams({ client_id: 'app', redirect_uri: callback, response_type: 'code', scope: 'openid', code_challenge: 'a'.repeat(43), code_challenge_method: 'S256', ...parameters }).toString()}`,
      );
  const token = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { authorization: `Basic ${Buffer.from(`app:${secret}`).toString('base64')}`, ...headers },
    });

  describe('an authorization request', () => {
    test('without PKCE goes back to the application as an error', async () => {
      const flow = await app.browser
        .clone()
        .open(
          `${server.issuer}/oauth2/authorize?${new URLSearchParams({ client_id: 'app', redirect_uri: callback, response_type: 'code', scope: 'openid', state: 's' }).toString()}`,
        );
      expect(flow.stoppedAt?.searchParams.get('error')).toBe('invalid_request');
      expect(flow.stoppedAt?.searchParams.get('iss')).toBe(server.issuer);
      expect(flow.stoppedAt?.searchParams.get('state')).toBe('s');
    });

    test('without PKCE passes for a confidential client that is exempted', async () => {
      await relyingParty(server, { clientId: 'exempted', enforcePkce: false });
      const page = await app.browser
        .clone()
        .open(
          `${server.issuer}/oauth2/authorize?${new URLSearchParams({ client_id: 'exempted', redirect_uri: callback, response_type: 'code', scope: 'openid' }).toString()}`,
        );
      expect(page.document.query('#login-form')).toBeDefined();
    });

    test('with the plain method, for a token, or without a redirect URI is refused', async () => {
      const plain = await authorize({ code_challenge_method: 'plain' });
      expect(plain.stoppedAt?.searchParams.get('error')).toBe('invalid_request');
      const implicit = await authorize({ response_type: 'token' });
      expect(
        new URLSearchParams(implicit.stoppedAt?.hash.slice(1)).get('error') ?? implicit.status,
      ).toBeTruthy();
      expect(implicit.stoppedAt?.hash ?? '').not.toContain('access_token');
      const page = await app.browser
        .clone()
        .open(`${server.issuer}/oauth2/authorize?client_id=app&response_type=code&scope=openid`);
      expect(page.status).toBe(400);
      expect(page.stoppedAt).toBeUndefined();
    });

    test('by POST works like one by GET', async () => {
      const page = await app.browser.clone().post(`${server.issuer}/oauth2/authorize`, {
        client_id: 'app',
        redirect_uri: callback,
        response_type: 'code',
        scope: 'openid',
        code_challenge: 'a'.repeat(43),
        code_challenge_method: 'S256',
      });
      expect(page.document.query('#login-form')).toBeDefined();
    });

    test.each([
      'https://app.example.test/callback/',
      'https://app.example.test/callback?x=1',
      'https://app.example.test/callback#f',
      'https://app.example.test/Callback',
      'https://app.example.test/callback/../callback',
      'https://app.example.test/%63allback',
      'https://app.example.test:443/callback',
      'https://app.example.test@evil.test/callback',
      'https://app.example.test:80@evil.test/callback',
      'https://APP.example.test/callback',
      'https://app.example.test./callback',
      'https://evil.test/callback',
      'http://app.example.test/callback',
      '//app.example.test/callback',
      'https:\\\\app.example.test\\callback',
      'https://app.example.test/callback\t',
      'javascript:alert(1)',
      'data:text/html,x',
      'https://localhost.evil.test/callback',
    ])('to %s gets a page, never a redirect', async (uri) => {
      const page = await authorize({ redirect_uri: uri });
      expect(page.status).toBe(400);
      expect(page.stoppedAt).toBeUndefined();
      expect(page.headers.location).toBeUndefined();
      expect(page.document.query('#error-page')).toBeDefined();
    });
  });

  describe('where it lives', () => {
    test('metadata at both well-known places, with the right issuer', async () => {
      const bodies = await Promise.all(
        [
          `${server.issuer}/.well-known/openid-configuration`,
          `${server.publicUrl}/.well-known/openid-configuration/default/demo`,
          `${server.publicUrl}/.well-known/oauth-authorization-server/default/demo`,
        ].map(async (url) => (await fetch(url)).json() as Promise<Record<string, string>>),
      );
      for (const body of bodies) expect(body).toEqual(bodies[0]);
      expect(bodies[0]).toMatchObject({
        issuer: server.issuer,
        authorization_endpoint: `${server.issuer}/oauth2/authorize`,
        token_endpoint: `${server.issuer}/oauth2/token`,
        userinfo_endpoint: `${server.issuer}/userinfo`,
        jwks_uri: `${server.issuer}/.well-known/jwks.json`,
        introspection_endpoint: `${server.issuer}/oauth2/introspect`,
        revocation_endpoint: `${server.issuer}/oauth2/revoke`,
        pushed_authorization_request_endpoint: `${server.issuer}/par`,
        end_session_endpoint: `${server.issuer}/oidc/logout`,
      });
    });

    test('discovery and JWKS carry a validator and answer 304 to it', async () => {
      for (const path of ['openid-configuration', 'jwks.json']) {
        const url = `${server.issuer}/.well-known/${path}`;
        const first = await fetch(url, { headers: { origin: 'https://spa.example.test' } });
        expect(first.headers.get('access-control-allow-origin')).toBe('*');
        const again = await fetch(url, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } });
        expect(again.status).toBe(304);
      }
    });

    test('no request moves it: forged hosts, forwarding headers, absolute targets', async () => {
      const path = '/default/demo/.well-known/openid-configuration';
      const honest = await raw(`GET ${path} HTTP/1.1`, { host: `localhost:${server.port}` });
      expect(honest.status).toBe(200);
      const forgeries: [string, Record<string, string>][] = [
        [`GET ${path} HTTP/1.1`, { host: 'evil.test' }],
        [`GET ${path} HTTP/1.1`, { host: `evil.test:80@localhost:${server.port}` }],
        [`GET http://evil.test${path} HTTP/1.1`, { host: `localhost:${server.port}` }],
        [`GET ${path} HTTP/1.1`, { host: `localhost:${server.port}`, 'x-forwarded-host': 'evil.test' }],
        [`GET ${path} HTTP/1.1`, { host: `localhost:${server.port}`, forwarded: 'host=evil.test' }],
        [`GET ${path} HTTP/1.1`, { host: `localhost:${server.port}`, 'x-forwarded-proto': 'https' }],
      ];
      for (const [line, headers] of forgeries) {
        const answer = await raw(line, headers);
        if (answer.status === 200) expect(answer.body).toBe(honest.body);
        else expect([400, 421]).toContain(answer.status);
      }
    });
  });

  test('cookies are signed, HttpOnly, Lax and kept to their paths', async () => {
    const { browser } = await relyingParty(server, { clientId: 'cookies' });
    const party = { ...app.options, clientId: 'cookies' };
    const page = await browser.open(
      `${party.issuer}/oauth2/authorize?${new URLSearchParams({ client_id: 'cookies', redirect_uri: callback, response_type: 'code', scope: 'openid', code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' }).toString()}`,
    );
    const uid = page.url.pathname.split('/')[4];
    const paths = () => Object.fromEntries(browser.cookies.all().map((cookie) => [cookie.name, cookie.path]));
    expect(paths()).toMatchObject({
      weir_interaction: `/default/demo/interaction/${uid}`,
      'weir_interaction.sig': `/default/demo/interaction/${uid}`,
      weir_resume: `/default/demo/oauth2/authorize/${uid}`,
      'weir_resume.sig': `/default/demo/oauth2/authorize/${uid}`,
    });
    await browser.submit('#login-form', mara);
    expect(paths()).toMatchObject({ weir_session: '/default/demo', 'weir_session.sig': '/default/demo' });
    for (const cookie of browser.cookies.all()) {
      expect(cookie.sameSite).toBe('lax');
    }
    const session = browser.cookies.get('weir_session');
    if (session) browser.cookies.put({ ...session, value: 'x'.repeat(session.value.length) });
    const tampered = await browser.open(
      `${party.issuer}/oauth2/authorize?${new URLSearchParams({ client_id: 'cookies', redirect_uri: callback, response_type: 'code', scope: 'openid', prompt: 'none', code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' }).toString()}`,
    );
    expect(tampered.stoppedAt?.searchParams.get('error')).toBe('login_required');
  });

  test('a code that is expired is told from one that never was, and both are refused', async () => {
    const flow = await app.begin();
    const end = await app.browser.submit('#login-form', mara);
    await server.db.knex.raw(
      `UPDATE flow_state SET payload = regexp_replace(payload, '"exp":[0-9]+', '"exp":1000'), expires_at = now() - interval '1 second' WHERE model = 'AuthorizationCode'`,
    );
    await expect(app.finish(flow, end)).rejects.toMatchObject({ error: 'invalid_grant' });
    app.browser.cookies.clear();
  });

  describe('JWT access tokens', () => {
    test('for client credentials: the default API, ES256, at+jwt', async () => {
      const worker = await relyingParty(server, {
        clientId: 'worker',
        grantTypes: ['client_credentials'],
        redirectUris: [],
        postLogoutRedirectUris: [],
        scopes: ['read', 'write'],
      });
      const tokens = await client.clientCredentialsGrant(worker.config, { scope: 'read' });
      const [header, payload] = tokens.access_token
        .split('.')
        .slice(0, 2)
        .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
      expect(header).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
      expect(payload).toMatchObject({
        iss: server.issuer,
        sub: 'worker',
        client_id: 'worker',
        aud: `${server.issuer}/api`,
        scope: 'read',
      });
    });

    test('for a person when an API is named; refused at userinfo', async () => {
      const resource = 'https://orders.example.test/';
      const party = await relyingParty(server, {
        clientId: 'orders-app',
        audience: [resource],
        scopes: ['openid', 'profile', 'orders'],
      });
      const { tokens } = await party.signIn(mara, { resource, scope: 'openid orders' });
      // With openid the token is for userinfo; the API's is asked for by name (RFC 8707 §2.2).
      const api = await client.refreshTokenGrant(party.config, tokens.refresh_token ?? '', { resource });
      const payload = JSON.parse(
        Buffer.from(api.access_token.split('.')[1] ?? '', 'base64url').toString(),
      ) as Record<string, unknown>;
      expect(payload).toMatchObject({ aud: resource, scope: 'orders', amr: ['pwd'] });
      expect(payload.auth_time).toBeTypeOf('number');
      const userinfo = await fetch(`${server.issuer}/userinfo`, {
        headers: { authorization: `Bearer ${api.access_token}` },
      });
      expect(userinfo.status).toBe(401);
    });

    test('for an API that the client is not registered for: invalid_target', async () => {
      const response = await token({
        grant_type: 'client_credentials',
        resource: 'https://else.example.test/',
      });
      expect(response.status).toBe(400);
    });
  });

  test('a DPoP-bound token needs its proof, each proof once', async () => {
    const party = await relyingParty(server, { clientId: 'bound' });
    const keys = await generateKeyPair('ES256', { extractable: true });
    const proof = (htu: string, htm: string, claims: object) =>
      new SignJWT({ ...claims, htu, htm, jti: randomUUID() })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: publicJwk })
        .setIssuedAt()
        .sign(keys.privateKey);
    const publicJwk = await exportJWK(keys.publicKey);
    const flow = await party.begin();
    const end = await party.browser.submit('#login-form', mara);
    const exchange = await fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`bound:${secret}`).toString('base64')}`,
        dpop: await proof(`${server.issuer}/oauth2/token`, 'POST', {}),
      },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: end.stoppedAt?.searchParams.get('code') ?? '',
        redirect_uri: callback,
        code_verifier: flow.verifier,
      }),
    });
    const tokens = (await exchange.json()) as { access_token: string; token_type: string };
    expect(tokens.token_type).toBe('DPoP');

    const userinfo = (headers: Record<string, string>) => fetch(`${server.issuer}/userinfo`, { headers });
    expect((await userinfo({ authorization: `Bearer ${tokens.access_token}` })).status).toBe(401);
    const ath = createHash('sha256').update(tokens.access_token).digest('base64url');
    const once = {
      authorization: `DPoP ${tokens.access_token}`,
      dpop: await proof(`${server.issuer}/userinfo`, 'GET', { ath }),
    };
    expect((await userinfo(once)).status).toBe(200);
    const replayed = await userinfo(once);
    expect(replayed.status).toBe(401);
    expect(await replayed.json()).toMatchObject({ error: 'invalid_dpop_proof' });
  });

  test('a key set on this machine is never fetched', async () => {
    let hits = 0;
    const canary = createServer((_req, res) => {
      hits += 1;
      res.end('{"keys":[]}');
    });
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
    const { port } = canary.address() as { port: number };
    await server.db.knex('clients').insert({
      tenant_id: 'default',
      workspace_id: 'demo',
      client_id: 'ssrf',
      client_name: 'ssrf',
      token_endpoint_auth_method: 'private_key_jwt',
      grant_types: ['client_credentials'],
      response_types: [],
      settings: JSON.stringify({ jwks_uri: `http://127.0.0.1:${port}/jwks` }),
    });
    const assertion = `${part({ alg: 'ES256', kid: 'x' })}.${part({ iss: 'ssrf', sub: 'ssrf', aud: server.issuer, jti: 'j', exp: 9_999_999_999 })}.${'a'.repeat(86)}`;
    const response = await fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }),
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(hits).toBe(0);
    canary.close();
  });

  test('a client that was deleted and a secret that is wrong get the same answer', async () => {
    const wrong = await token(
      { grant_type: 'client_credentials' },
      { authorization: `Basic ${Buffer.from('app:wrong').toString('base64')}` },
    );
    const gone = await token(
      { grant_type: 'client_credentials' },
      { authorization: `Basic ${Buffer.from('gone:wrong').toString('base64')}` },
    );
    expect([wrong.status, await wrong.json()]).toEqual([gone.status, await gone.json()]);
  });

  test('a changed workspace shows at once where it was changed and within 2 s elsewhere', async () => {
    const before = await authorize({});
    expect(before.document.query('#login-form')).toBeDefined();
    await server.elsewhere.workspaces.update(
      { tenantId: 'default', workspaceId: 'demo' },
      { name: 'Demo', accessTokenTtlSeconds: 120 },
      SYSTEM_ACTOR,
    );
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const { tokens } = await app.signIn(mara);
    expect(tokens.expires_in).toBe(120);
  });

  function raw(line: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1', () => {
        const fields = Object.entries({ ...headers, connection: 'close' }).map(([k, v]) => `${k}: ${v}`);
        socket.write(`${[line, ...fields].join('\r\n')}\r\n\r\n`);
      });
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('error', reject);
      socket.on('close', () =>
        resolve({ status: Number(text.split(' ')[1]), body: text.slice(text.indexOf('\r\n\r\n') + 4) }),
      );
    });
  }
});

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
