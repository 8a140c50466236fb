import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mara, relyingParty } from '../support/demo.ts';
import { client, type RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

describe('consent, and who gives it', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  const third = () =>
    relyingParty(server, { trusted: false, scopes: ['openid', 'profile', 'email', 'offline_access'] });

  test('an application that is not ours is named with what it asks for', async () => {
    const app = await third();
    await app.begin();
    const page = await app.browser.submit('#login-form', mara);
    expect(page.document.query('#consent-form')).toBeDefined();
    expect(page.document.text).toContain('Harbour Books');
  });

  test('an application that only wants to know who it is says that much', async () => {
    const app = await third();
    await app.begin({ scope: 'openid' });
    const page = await app.browser.submit('#login-form', mara);
    expect(page.document.text).toContain('Know that it is you');
  });

  test('refused: the application hears access_denied', async () => {
    const app = await third();
    await app.begin();
    await app.browser.submit('#login-form', mara);
    const end = await app.browser.submit('#consent-form', {}, '#consent-deny');
    expect(end.stoppedAt?.searchParams.get('error')).toBe('access_denied');
  });

  test('allowed: remembered, in this browser and the next, until more is asked for', async () => {
    const app = await third();
    const flow = await app.begin({ scope: 'openid profile' });
    await app.browser.submit('#login-form', mara);
    const end = await app.browser.submit('#consent-form', {}, '#consent-allow');
    const { tokens } = await app.finish(flow, end);
    expect(tokens.scope).toBe('openid profile');
    expect((await app.begin({ scope: 'openid profile' })).page.stoppedAt?.searchParams.has('code')).toBe(
      true,
    );

    app.browser.cookies.clear();
    await app.begin({ scope: 'openid profile' });
    const remembered = await app.browser.submit('#login-form', mara);
    expect(remembered.stoppedAt?.searchParams.has('code')).toBe(true);

    const more = await app.begin({ scope: 'openid profile email' });
    expect(more.page.document.query('#consent-form')).toBeDefined();
    expect(more.page.document.text).not.toContain('access_denied');
  });

  test('an answer that is neither is refused', async () => {
    const app = await third();
    await app.begin();
    const page = await app.browser.submit('#login-form', mara);
    const { action, fields } = page.document.form('#consent-form');
    const csrf = fields.find(({ name }) => name === 'csrf')?.value ?? '';
    const answer = await app.browser.post(
      action,
      { csrf, decision: 'perhaps' },
      { headers: { origin: server.publicUrl } },
    );
    expect(answer.status).toBe(400);
  });

  test('offline access survives a logout, other tokens do not', async () => {
    const app = await third();
    const flow = await app.begin({ scope: 'openid offline_access', prompt: 'consent' });
    await app.browser.submit('#login-form', mara);
    const end = await app.browser.submit('#consent-form', {}, '#consent-allow');
    const { tokens } = await app.finish(flow, end);
    expect(tokens.scope).toContain('offline_access');
    await app.browser.open(client.buildEndSessionUrl(app.config, { id_token_hint: tokens.id_token ?? '' }));
    await client.refreshTokenGrant(app.config, tokens.refresh_token ?? '');
  });

  test('an account to choose, nobody signed in: the sign-in, and nothing to choose after it', async () => {
    const app = await relyingParty(server);
    const flow = await app.begin({ prompt: 'select_account' });
    expect(flow.page.document.has('#account-chooser')).toBe(false);
    const end = await app.browser.submit('#login-form', mara);
    await app.finish(flow, end);
  });

  test('an account to choose, somebody signed in: on as they are, or as somebody else, with the session kept until then', async () => {
    const app = await relyingParty(server);
    await app.signIn(mara);
    const flow = await app.begin({ prompt: 'select_account' });
    expect(flow.page.document.textOf('#account-current')).toContain('Mara');
    const { claims } = await app.finish(
      flow,
      await app.browser.submit('#account-chooser', {}, '#account-current'),
    );

    const again = await app.begin({ prompt: 'select_account' });
    await app.browser.submit('#account-chooser', {}, '#account-other');
    expect(app.browser.document.has('#login-form')).toBe(true);
    const tab = app.browser.tab();
    await tab.open(again.url);
    expect(tab.document.has('#account-chooser')).toBe(true);
    await app.browser.submit('#login-form', mara);
    expect(claims.sub).toBeTruthy();
    expect(app.browser.page.stoppedAt?.searchParams.has('code')).toBe(true);
  });

  test('an account to choose without a page to ask on: the application hears so; an answer that is neither is refused', async () => {
    const app = await relyingParty(server);
    await app.signIn(mara);
    const { page } = await app.begin({ prompt: 'none select_account' });
    expect(page.stoppedAt?.searchParams.get('error')).toBe('invalid_request');
    const flow = await app.begin({ prompt: 'select_account' });
    const { action, fields } = flow.page.document.form('#account-chooser');
    const csrf = fields.find(({ name }) => name === 'csrf')?.value ?? '';
    const answer = await app.browser.post(
      action,
      { csrf, account: 'perhaps' },
      { headers: { origin: server.publicUrl } },
    );
    expect(answer.status).toBe(400);
  });
});

describe('logout', () => {
  let server: TestServer;
  let app: RelyingParty;
  beforeAll(async () => {
    server = await startTestServer();
    app = await relyingParty(server);
  });
  afterAll(() => server.stop());

  const isSignedIn = async () =>
    (await app.begin({ prompt: 'none' })).page.stoppedAt?.searchParams.has('code') ?? false;

  test('without a hint asks first; staying keeps the session', async () => {
    await app.signIn(mara);
    const page = await app.browser.open(`${server.issuer}/oidc/logout`);
    expect(page.document.query('#logout-confirm')).toBeDefined();
    await app.browser.submit('#logout-cancel');
    expect(await isSignedIn()).toBe(true);
  });

  test('declined: the page says so, and the application that asked keeps its tokens', async () => {
    const { tokens } = await app.signIn(mara);
    await app.browser.open(
      client.buildEndSessionUrl(app.config, { post_logout_redirect_uri: 'https://app.example.test/' }),
    );
    const page = await app.browser.submit('#logout-cancel');
    expect(page.status).toBe(200);
    expect(page.document.query('#still-signed-in')).toBeDefined();
    expect(await isSignedIn()).toBe(true);
    await client.refreshTokenGrant(app.config, tokens.refresh_token ?? '');
  });

  test('twice, and with nowhere to go: the signed-out page', async () => {
    await app.signIn(mara);
    await app.browser.open(`${server.issuer}/oidc/logout`);
    await app.browser.submit('#logout-confirm');
    for (const query of ['', `?client_id=${app.options.clientId}`]) {
      const page = await app.browser.open(`${server.issuer}/oidc/logout${query}`);
      expect(page.status).toBe(200);
      expect(page.document.query('#logged-out')).toBeDefined();
    }
  });

  test('confirmed: signed out, tokens included, with a page that says so', async () => {
    const { tokens } = await app.signIn(mara);
    await app.browser.open(`${server.issuer}/oidc/logout?client_id=${app.options.clientId}`);
    const page = await app.browser.submit('#logout-confirm');
    expect(page.document.query('#logged-out')).toBeDefined();
    expect(await isSignedIn()).toBe(false);
    await expect(client.refreshTokenGrant(app.config, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('with the ID token of who is signed in: at once, and back with state', async () => {
    const { tokens } = await app.signIn(mara);
    const end = await app.browser.open(
      client.buildEndSessionUrl(app.config, {
        id_token_hint: tokens.id_token ?? '',
        post_logout_redirect_uri: 'https://app.example.test/',
        state: 'xyz',
      }),
    );
    expect(end.stoppedAt?.href).toBe('https://app.example.test/?state=xyz');
    expect(await isSignedIn()).toBe(false);
  });

  test('when nobody is signed in: no question, straight on, no cookie left', async () => {
    app.browser.cookies.clear();
    const end = await app.browser.open(
      `${server.issuer}/oidc/logout?client_id=${app.options.clientId}&post_logout_redirect_uri=${encodeURIComponent('https://app.example.test/')}`,
    );
    expect(end.stoppedAt?.href).toBe('https://app.example.test/');
    expect(app.browser.cookies.all().filter(({ name }) => name.startsWith('weir_session'))).toEqual([]);
  });

  test('to an address that is not registered: a page, no redirect', async () => {
    const page = await app.browser.open(
      `${server.issuer}/oidc/logout?client_id=${app.options.clientId}&post_logout_redirect_uri=${encodeURIComponent('https://evil.test/')}`,
    );
    expect(page.status).toBe(400);
    expect(page.stoppedAt).toBeUndefined();
    expect(page.document.query('#error-page')).toBeDefined();
  });
});
