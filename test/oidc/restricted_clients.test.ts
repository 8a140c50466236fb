import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callback, mara, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { client, type RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const other = 'https://app.example.test/other';

describe('a client that is given less', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  const full = {
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    audience: ['https://api.example.test'],
    redirectUris: [callback, other],
    trusted: true,
  };

  async function change(app: RelyingParty, changes: object): Promise<void> {
    const scope = { tenantId: 'default', clientId: app.options.clientId };
    const current = await server.elsewhere.clients.get(scope);
    await server.elsewhere.clients.update(scope, { ...current, ...changes }, SYSTEM_ACTOR);
  }

  const works = async (app: RelyingParty, accessToken: string, sub: string): Promise<boolean> =>
    client.fetchUserInfo(app.config, accessToken, sub).then(
      () => true,
      () => false,
    );

  it.each([
    ['trust', { trusted: false }],
    ['a scope', { scopes: ['openid', 'profile', 'offline_access'] }],
    ['an audience', { audience: [] }],
    ['a grant type', { grantTypes: ['authorization_code'] }],
    ['a redirect URI', { redirectUris: [callback] }],
  ])('loses what was issued to it: %s', async (_what, changes) => {
    const app = await relyingParty(server, full);
    const { tokens, claims } = await app.signIn(mara);
    expect(await works(app, tokens.access_token, claims.sub as string)).toBe(true);
    await change(app, changes);
    expect(await works(app, tokens.access_token, claims.sub as string)).toBe(false);
    await expect(client.refreshTokenGrant(app.config, tokens.refresh_token ?? '')).rejects.toThrow();
  });

  it('keeps it when it is given more, or the same in another order', async () => {
    const app = await relyingParty(server, {
      ...full,
      trusted: false,
      scopes: ['openid', 'profile', 'email'],
    });
    const flow = await app.begin();
    const consent = await app.browser.submit('#login-form', mara);
    const end = consent.stoppedAt ? consent : await app.browser.submit('#consent-form', {}, '#consent-allow');
    const { tokens, claims } = await app.finish(flow, end);
    await change(app, {
      clientName: 'Another name',
      scopes: ['offline_access', 'openid', 'email', 'profile'],
      audience: [...full.audience, 'https://more.example.test'],
      redirectUris: [other, callback, 'https://app.example.test/third'],
      trusted: true,
    });
    expect(await works(app, tokens.access_token, claims.sub as string)).toBe(true);
  });
});
