import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDemo, type Demo, type DemoOptions } from '../../src/demo/index.ts';
import { DEMO_CLIENT_SECRET } from '../../src/installation/demo.ts';
import { Browser } from '../support/browser_without_javascript.ts';
import { addPerson, mara, SYSTEM_ACTOR } from '../support/demo.ts';
import { freePort } from '../support/free_port.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { createTcpProxy } from '../support/tcp_proxy.ts';

const warnings: string[] = [];
let server: TestServer;
let demo: Demo;
let options: DemoOptions;

beforeAll(async () => {
  const port = await freePort();
  server = await startTestServer({ DEMO_PORT: String(port) });
  options = {
    issuer: server.issuer,
    clientId: 'demo-app',
    clientSecret: DEMO_CLIENT_SECRET,
    port,
    host: '127.0.0.1',
    onWarning: (message) => warnings.push(message),
  };
  demo = await startDemo(options);
});
afterAll(async () => {
  await demo.close();
  await server.stop();
});

async function signedIn(): Promise<Browser> {
  const browser = new Browser();
  await browser.open(demo.url);
  await browser.follow('#sign-in');
  await browser.submit('#login-form', mara);
  return browser;
}

const claim = (browser: Browser, name: string) => browser.document.textOf(`[data-claim=${name}]`);
const press = (browser: Browser, path: string) => browser.submit(`form[action=${path}]`);

describe('signed in', () => {
  test('shows what has come, and nothing that others could use', async () => {
    const browser = await signedIn();
    expect(browser.page.url.href).toBe(`${demo.url}/`);
    expect(browser.document.textOf('h1')).toBe('Hello, Mara Linde');
    expect(claim(browser, 'iss')).toBe(server.issuer);
    expect(claim(browser, 'email')).toBe('mara@example.test');
    expect(browser.document.text).toMatch(
      /\d{10} \d{1,2} \w+ \d{4} at \d\d:\d\d:\d\d UTC, in (1 hour|59 minutes)/,
    );
    // A whole token has 43 characters and more.
    expect(claim(browser, 'access_token')).toMatch(/^[\w-]{6} … [\w-]{4}$/);
    expect(claim(browser, 'refresh_token')).toMatch(/^[\w-]{6} … [\w-]{4}$/);
    expect(warnings).toEqual([]);
  });

  test('runs no script, on any page', async () => {
    const browser = await signedIn();
    const policy = String(browser.page.headers['content-security-policy']);
    expect(policy).toContain(`default-src 'none'`);
    expect(policy).not.toContain('script-src');
    expect(browser.document.queryAll('script')).toEqual([]);
    for (const link of browser.document.queryAll('link[rel=stylesheet]')) {
      const href = link.attrs.find(({ name }) => name === 'href')?.value ?? '';
      expect((await fetch(new URL(href, demo.url))).headers.get('content-type')).toMatch(/^text\/css/);
    }
  });

  test('a refresh brings another access token', async () => {
    const browser = await signedIn();
    const before = claim(browser, 'access_token');
    await press(browser, '/refresh');
    const after = claim(browser, 'access_token');
    expect(after).not.toBe(before);
    expect(browser.document.textOf('.note')).toContain(`was ${before} and is now ${after}`);
    await browser.reload();
    expect(browser.document.has('.note')).toBe(false);
  });

  test('presses at the same time wait for each other', async () => {
    // Now a refresh token is good for one use, and using it twice would end everything.
    await server.elsewhere.workspaces.update(
      { tenantId: 'default', workspaceId: 'demo' },
      { rotateConfidentialRefreshTokens: true },
      SYSTEM_ACTOR,
    );
    const browser = await signedIn();
    const tabs = [browser.tab(), browser.tab(), browser.tab()];
    for (const tab of tabs) await tab.open(demo.url);
    await expect
      .poll(async () => (await press(browser, '/refresh')).document.text, { timeout: 5_000 })
      .toContain('The refresh token is new as well');
    const pages = await Promise.all(tabs.map((tab) => press(tab, '/refresh')));
    expect(pages.map((page) => page.document.textOf('h1'))).toEqual(tabs.map(() => 'Hello, Mara Linde'));
  });

  test('userinfo tells what has changed since', async () => {
    const scope = { tenantId: 'default', poolId: 'demo-users' };
    const person = { identifier: 'noa@example.test', password: 'slow barge under bridges' };
    const input = (name: string) => ({
      status: 'active' as const,
      payload: { name, given_name: 'Noa', family_name: 'Berg' },
      identifiers: [{ type: 'email' as const, identifier: person.identifier }],
      password: { password: person.password, mustBeChanged: false, mustBeReset: false },
    });
    const user = await server.elsewhere.users.create(scope, input('Noa Berg'), SYSTEM_ACTOR);
    const browser = new Browser();
    await browser.open(`${demo.url}/sign-in`);
    await browser.submit('#login-form', person);
    expect(browser.document.text).not.toContain('Noa Lindqvist');
    await server.elsewhere.users.update({ ...scope, userId: user.id }, input('Noa Lindqvist'), SYSTEM_ACTOR);
    await press(browser, '/userinfo');
    expect(browser.document.text).toContain('Noa Lindqvist');
  });

  test('signing out ends the session here and at the issuer', async () => {
    const browser = await signedIn();
    await press(browser, '/sign-out');
    expect(browser.page.url.href).toBe(`${demo.url}/`);
    expect(browser.document.textOf('.note')).toContain('Signed out');
    await browser.follow('#sign-in');
    expect(browser.document.has('#login-form')).toBe(true);
  });
});

describe('a browser', () => {
  test('gets a new cookie with the sign-in', async () => {
    const browser = new Browser();
    await browser.open(`${demo.url}/sign-in`);
    const planted = browser.clone();
    await browser.submit('#login-form', mara);
    expect(browser.document.textOf('h1')).toContain('Mara');
    await planted.open(demo.url);
    expect(planted.document.text).not.toContain('Mara');
  });

  test('is told nothing of what another one asked for', async () => {
    const browser = new Browser({ stopAt: (url) => url.href.startsWith(`${demo.url}/callback`) });
    await browser.open(`${demo.url}/sign-in`);
    const { stoppedAt } = await browser.submit('#login-form', mara);
    const other = new Browser();
    const page = await other.open(stoppedAt ?? '');
    expect(page.status).toBe(400);
    expect(page.document.textOf('h1')).toBe('This sign-in did not start here');
  });

  test('is not pushed by another site', async () => {
    const browser = await signedIn();
    const before = claim(browser, 'access_token');
    const page = await browser.submit('form[action=/refresh]', {}, undefined, {
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    expect(page.status).toBe(403);
    await browser.open(demo.url);
    expect(claim(browser, 'access_token')).toBe(before);
  });

  test('that comes by another name is sent to the one the issuer knows', async () => {
    const page = await new Browser().open(demo.url.replace('localhost', '127.0.0.1'));
    expect(page.url.href).toBe(`${demo.url}/`);
  });
});

describe('when the issuer says no', () => {
  test('its words are shown as text, once, with a way to start again', async () => {
    const port = await freePort();
    const clientId = 'third-party';
    await server.elsewhere.clients.create(
      { tenantId: 'default', workspaceId: 'demo' },
      { id: clientId, clientSecret: DEMO_CLIENT_SECRET, redirectUris: [`http://localhost:${port}/callback`] },
      SYSTEM_ACTOR,
    );
    const third = await startDemo({ ...options, clientId, port });
    const browser = new Browser();
    await browser.open(`${third.url}/sign-in`);
    await browser.submit('#login-form', mara);
    const page = await browser.submit('#consent-form', {}, '#consent-deny');
    expect(page.status).toBe(400);
    expect(browser.document.textOf('#error-code')).toBe('access_denied');

    await browser.open(`${third.url}/sign-in`);
    const toIssuer = browser.history.findLast(({ url }) => url.pathname === '/sign-in');
    const state = new URL(toIssuer?.location ?? '').searchParams.get('state') ?? '';
    const forged = new URLSearchParams({
      state,
      iss: server.issuer,
      error: 'server_error',
      error_description: '<b>bold</b>',
    });
    await browser.open(`${third.url}/callback?${forged}`);
    expect(browser.document.textOf('#error-description')).toBe('<b>bold</b>');
    await browser.reload();
    expect(browser.document.textOf('h1')).toBe('This sign-in did not start here');

    await browser.follow('Sign in again');
    expect(browser.document.has('#consent-form')).toBe(true);
    await third.close();
  });

  test('to a refresh, the application forgets the person', async () => {
    const person = { identifier: 'ines@example.test', password: 'slow barge under bridges' };
    const userId = await addPerson(server.elsewhere, 'demo-users', person);
    const browser = new Browser();
    await browser.open(`${demo.url}/sign-in`);
    await browser.submit('#login-form', person);
    await server.elsewhere.users.remove({ tenantId: 'default', poolId: 'demo-users', userId }, SYSTEM_ACTOR);
    await press(browser, '/refresh');
    expect(browser.document.textOf('#error-code')).toBe('invalid_grant');
    await browser.follow('Back to the start');
    expect(browser.document.has('#sign-in')).toBe(true);
  });

  test('not at all: that is said, and over when it is back', async () => {
    const target = { host: '127.0.0.1', port: 0 };
    const proxy = await createTcpProxy(target);
    const away = await startTestServer({ PUBLIC_URL: `http://localhost:${proxy.port}` });
    target.port = away.port;
    await proxy.cut();
    const lonely = await startDemo({ ...options, issuer: away.issuer, port: 0 });
    const browser = new Browser();
    const page = await browser.open(`${lonely.url}/sign-in`);
    expect(page.status).toBe(502);
    expect(browser.document.textOf('h1')).toBe('The issuer does not answer');
    expect(warnings).toContainEqual(expect.stringContaining('The issuer does not answer'));

    const waiting = browser.open(`${lonely.url}/sign-in`);
    await proxy.restore();
    // Its redirect URI is unknown there: the issuer answers, and that is what counts.
    expect((await waiting).url.origin).toBe(away.publicUrl);
    await lonely.close();
    await proxy.cut();
    await away.stop();
  });
});

test('a taken port is an error of the one who starts it', async () => {
  await expect(startDemo(options)).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('an unknown address has a page that says so', async () => {
  const page = await new Browser().open(`${demo.url}/nothing`);
  expect(page.status).toBe(404);
  expect(page.document.has('a[href=/]')).toBe(true);
});
