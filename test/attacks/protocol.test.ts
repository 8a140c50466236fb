import { generateKeyPair, exportJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mara, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { client, RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const tenant = { tenantId: 'default' };

describe('what was granted under other rules', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  async function change(app: RelyingParty, changes: object): Promise<void> {
    const scope = { ...tenant, clientId: app.options.clientId };
    const current = await server.elsewhere.clients.get(scope);
    await server.elsewhere.clients.update(scope, { ...current, ...changes }, SYSTEM_ACTOR);
    // Another process's change: it takes up to 2 s to show (design 4.15).
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }

  it('asks for consent when an application is no longer trusted', async () => {
    const app = await relyingParty(server, { trusted: true });
    await app.signIn(mara);
    await change(app, { trusted: false });
    const stranger = await RelyingParty.discover(app.options);
    await stranger.begin();
    const end = await stranger.browser.submit('#login-form', mara);
    expect(end.stoppedAt?.searchParams.get('code') ?? undefined).toBeUndefined();
    expect(end.document.query('#consent-form')).toBeDefined();
  });

  it('gives a refresh no scope that the application may no longer ask for (T-612)', async () => {
    const app = await relyingParty(server, { scopes: ['openid', 'profile', 'email'] });
    const { tokens } = await app.signIn(mara);
    await change(app, { scopes: ['openid'] });
    const fresh = await client
      .refreshTokenGrant(app.config, tokens.refresh_token ?? '')
      .catch(() => undefined);
    if (fresh === undefined) return; // Ended altogether: fine.
    expect(fresh.scope).toBe('openid');
    const userinfo = await fetch(`${server.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${fresh.access_token}` },
    });
    expect(await userinfo.json()).not.toHaveProperty('name');
  });
});

describe('an assertion that never ends', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it.each([1e15, Number.MAX_SAFE_INTEGER])('answers exp %d without a fault of ours', async (exp) => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const id = `robot-${exp}`;
    await server.elsewhere.clients.create(
      { ...tenant, workspaceId: 'demo' },
      {
        id,
        grantTypes: ['client_credentials'],
        tokenEndpointAuthMethod: 'private_key_jwt',
        settings: { jwks: { keys: [await exportJWK(publicKey)] } },
      },
      SYSTEM_ACTOR,
    );
    const assertion = await new SignJWT({ exp, jti: 'only once' })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(id)
      .setSubject(id)
      .setAudience(server.issuer)
      .setIssuedAt()
      .sign(privateKey);
    const answer = await fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }),
    });
    expect(answer.status).toBeLessThan(500);
  });
});

describe('guesses with a known browser', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ SOURCE_ATTEMPT_LIMIT: '20' });
  });
  afterAll(() => server.stop());

  it('cost no more hashes than the limit of their source allows', async () => {
    const app = await relyingParty(server);
    await app.signIn(mara);
    await app.begin({ prompt: 'login' });
    const before = server.server.hashing().total;
    const guesses = 60;
    for (let i = 0; i < guesses; i += 1) {
      if (!app.browser.document.query('#login-form')) break;
      await app.browser.submit('#login-form', { identifier: mara.identifier, password: 'wrong' });
    }
    // Its own five tries may come on top of the limit.
    expect(server.server.hashing().total - before).toBeLessThanOrEqual(20 + 5);
  });
});
