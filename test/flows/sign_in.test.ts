import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addPerson, addWorkspace, mara, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const staff = { identifier: 'sam@example.test', password: 'a long enough password' };
const tenant = { tenantId: 'default' };

describe('signing in', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  describe('where one pool is connected', () => {
    test('there is no choice to make, and a login hint is filled in', async () => {
      const app = await relyingParty(server);
      const { page } = await app.begin({ login_hint: 'hinted@example.test' });
      expect(page.document.query('#pool-chooser')).toBeUndefined();
      const { fields } = page.document.form('#login-form');
      expect(fields.find(({ name }) => name === 'identifier')?.value).toBe('hinted@example.test');
    });

    test('a wrong password keeps the name, not the password, and says one thing', async () => {
      const app = await relyingParty(server);
      await app.begin();
      const page = await app.browser.submit('#login-form', { ...mara, password: 'wrong' });
      expect(page.document.query('[role=alert]')).toBeDefined();
      const { fields } = page.document.form('#login-form');
      expect(fields.find(({ name }) => name === 'identifier')?.value).toBe(mara.identifier);
      expect(fields.find(({ name }) => name === 'password')?.value).toBe('');
      expect(page.body).not.toContain('wrong');
      const end = await app.browser.submit('#login-form', { password: mara.password });
      expect(end.stoppedAt?.searchParams.get('code')).toBeTruthy();
    });

    test('pressed twice, it signs in once and shows no dead end', async () => {
      const app = await relyingParty(server);
      const flow = await app.begin();
      const second = app.browser.tab();
      await second.open(flow.page.url);
      const [one, two] = await Promise.all([
        app.browser.submit('#login-form', mara),
        second.submit('#login-form', mara),
      ]);
      const ends = [one, two].filter((page) => page.stoppedAt?.searchParams.has('code'));
      expect(ends.length).toBeGreaterThanOrEqual(1);
      for (const page of [one, two]) expect(page.status).toBeLessThan(500);
    });

    test('someone else takes over the browser without a detour; the first one is signed out', async () => {
      const other = { ...staff, identifier: 'otto@example.test' };
      await addPerson(server.elsewhere, 'demo-users', other);
      const app = await relyingParty(server);
      const first = await app.signIn(mara);
      const second = await app.signIn(other, { prompt: 'login' });
      expect(second.claims.sub).not.toBe(first.claims.sub);
      const silent = await app.signIn(other, { prompt: 'none' });
      expect(silent.claims.sub).toBe(second.claims.sub);
      const userinfo = await fetch(`${server.issuer}/userinfo`, {
        headers: { authorization: `Bearer ${first.tokens.access_token}` },
      });
      expect(userinfo.status).toBe(401);
    });
  });

  describe('where several are', () => {
    let app: RelyingParty;
    const workspaceId = 'harbour';

    beforeAll(async () => {
      await addWorkspace(server.elsewhere, workspaceId, staff);
      const scope = { ...tenant, workspaceId };
      const poolId = 'demo-users';
      await server.elsewhere.connections.create(scope, { poolId, name: 'Customers' }, SYSTEM_ACTOR);
      await server.elsewhere.pools.create(tenant, { id: 'secret-pool', name: 'Secret' }, SYSTEM_ACTOR);
      await server.elsewhere.connections.create(
        scope,
        { id: 'hidden-one', poolId: 'secret-pool', name: 'Inner circle', hidden: true },
        SYSTEM_ACTOR,
      );
      await addPerson(server.elsewhere, 'secret-pool', { ...staff, identifier: 'inner@example.test' });
      app = await relyingParty(server, { workspaceId });
    });

    test('people choose, in the order that is set, and can go back', async () => {
      app.browser.cookies.clear();
      const flow = await app.begin();
      const { buttons } = flow.page.document.form('#pool-chooser');
      expect(buttons).toHaveLength(2);
      expect(flow.page.document.text).toMatch(/Customers[\s\S]*harbour people/);
      expect(flow.page.document.text).not.toContain('Inner circle');
      const form = await app.browser.submit('#pool-chooser');
      expect(form.document.text).toContain('Customers');
      await app.browser.follow('Change');
      expect(app.browser.document.query('#pool-chooser')).toBeDefined();
    });

    test('a person of the other pool gets nowhere with the right password in the wrong one', async () => {
      app.browser.cookies.clear();
      await app.begin();
      await app.browser.submit('#pool-chooser');
      const page = await app.browser.submit('#login-form', staff);
      expect(page.stoppedAt).toBeUndefined();
      expect(page.document.query('[role=alert]')).toBeDefined();
    });

    test('idp_hint leads to a connection directly, a hidden one too', async () => {
      app.browser.cookies.clear();
      const signedIn = await app.signIn(
        { ...staff, identifier: 'inner@example.test' },
        { idp_hint: 'hidden-one' },
      );
      expect(signedIn.claims).toMatchObject({ idp: 'hidden-one', idp_method: 'identity_pool' });
    });
  });

  describe('forms that are not ours', () => {
    test('without the token, or from another site: refused, nobody signed in', async () => {
      const app = await relyingParty(server);
      const { page } = await app.begin();
      const { action } = page.document.form('#login-form');
      const bare = await app.browser.post(action, { ...mara, csrf: 'forged' });
      expect(bare.status).toBe(403);
      await app.browser.open(page.url);
      const foreign = await app.browser.submit('#login-form', mara, undefined, {
        headers: { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' },
      });
      expect(foreign.status).toBe(403);
      const silent = await app.begin({ prompt: 'none' });
      expect(silent.page.stoppedAt?.searchParams.get('error')).toBe('login_required');
    });

    test('a sign-in that was begun in another browser cannot be continued, and shows the way back', async () => {
      const app = await relyingParty(server);
      const { page } = await app.begin();
      const stranger = RelyingParty.browserFor(app.options);
      const stolen = await stranger.open(page.url);
      expect(stolen.document.query('#login-form')).toBeUndefined();
      expect(stolen.document.links.some(({ href }) => href.href === 'https://app.example.test/')).toBe(true);
    });

    test('tampered hidden fields change nothing', async () => {
      const app = await relyingParty(server);
      await app.begin();
      const end = await app.browser.submit('#login-form', mara, undefined, {
        extra: [
          ['client_id', 'demo-app'],
          ['redirect_uri', 'https://evil.test/'],
          ['scope', 'everything'],
          ['uid', 'x'],
        ],
      });
      expect(end.stoppedAt?.href.startsWith(app.options.redirectUri)).toBe(true);
    });
  });

  test('a sign-in that is over shows the way back to the application, from every step', async () => {
    const app = await relyingParty(server);
    const { page } = await app.begin();
    const form = page.document.form('#login-form').action;
    await app.browser.submit('#login-form', mara);
    for (const url of [
      page.url,
      form,
      new URL(`${page.url.href}/pool`),
      new URL(`${page.url.href}/consent`),
    ]) {
      const again = await app.browser.open(url);
      expect(again.status).toBeLessThan(500);
      expect(again.document.links.some(({ href }) => href.href === 'https://app.example.test/')).toBe(true);
    }
    const resumed = await app.browser.open(
      `${server.issuer}/oauth2/authorize/${page.url.pathname.split('/')[4] ?? ''}`,
    );
    expect(resumed.document.links.some(({ href }) => href.href === 'https://app.example.test/')).toBe(true);
  });

  test('a workspace that nobody can sign in to says so', async () => {
    await server.elsewhere.workspaces.create(tenant, { id: 'dry', name: 'Dry' }, SYSTEM_ACTOR);
    const app = await relyingParty(server, { workspaceId: 'dry' });
    const { page } = await app.begin();
    expect(page.status).toBe(503);
    expect(page.document.query('#error-code')).toBeDefined();
  });

  test('pages speak the language that is asked for', async () => {
    const app = await relyingParty(server);
    const german = await app.begin({ ui_locales: 'de' });
    expect(german.page.document.query('html[lang=de]')).toBeDefined();
    const arabic = await app.begin({ ui_locales: 'ar' });
    expect(arabic.page.document.query('html[dir=rtl]')).toBeDefined();
  });
});
