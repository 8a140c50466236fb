import { readFile } from 'node:fs/promises';
import type { User, UserManager } from 'oidc-client-ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { mara } from '../support/demo.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { registerClient, serveApplication, type ServedApplication } from '../support/stock_client.ts';

declare global {
  /** What the page below makes. */
  var users: UserManager;
}

const library = await readFile(
  new URL('../../node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js', import.meta.url),
);

let server: TestServer;
let application: ServedApplication;
let chromium: Browser;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  [server, chromium] = await Promise.all([startTestServer(), launchChromium()]);
  const files: Record<string, readonly [type: string, content: string | Buffer]> = {
    '/oidc-client-ts.js': ['text/javascript', library],
  };
  application = await serveApplication((req, res) => {
    const { pathname } = new URL(req.url ?? '/', application.origin);
    const [type, content] = files[pathname] ?? files['/'] ?? ['text/plain', ''];
    res.writeHead(200, { 'content-type': type }).end(content);
  });
  const { issuer, clientId } = await registerClient(server, {
    tokenEndpointAuthMethod: 'none',
    grantTypes: ['authorization_code', 'refresh_token'],
    redirectUris: [`${application.origin}/callback`],
    postLogoutRedirectUris: [`${application.origin}/`],
    trusted: false,
  });
  const settings = {
    authority: issuer,
    client_id: clientId,
    redirect_uri: `${application.origin}/callback`,
  };
  files['/'] = [
    'text/html',
    `<!doctype html><title>Harbour Books</title><script src="/oidc-client-ts.js"></script>
<script>users = new oidc.UserManager(${JSON.stringify(settings)})</script>`,
  ];

  page = await chromium.newPage();
  // Such as a redirect or a request that a content security policy or CORS refused.
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await server.stop();
});

/** Goes where a call of the client leads; the script's own answer is lost with the page. */
async function leave(call: () => unknown, arrivesAt: string): Promise<void> {
  await Promise.all([page.waitForURL(arrivesAt), page.evaluate(call)]);
}

async function fillIn(): Promise<void> {
  await page.fill('#identifier', mara.identifier);
  await page.fill('#password', mara.password);
}

/** Presses the button that leads back to the application, and lets the client finish there. */
async function comeBack(button: string): Promise<Pick<User, 'profile' | 'scope'>> {
  await page.click(button);
  await page.waitForURL(`${application.origin}/callback?**`);
  return page.evaluate(async () => {
    const user = await users.signinCallback();
    if (!user) throw new Error('nobody');
    return { profile: user.profile, scope: user.scope ?? '' };
  });
}

test('oidc-client-ts signs in, renews and signs out', async () => {
  await page.goto(application.origin);
  await leave(() => void users.signinRedirect(), `${server.publicUrl}/**`);
  await fillIn();
  await page.click('#login-submit');
  const first = await comeBack('#consent-allow');
  expect(first.profile).toMatchObject({ iss: server.issuer, sub: expect.any(String) });
  expect(first.scope).toBe('openid');

  // Its scope is `openid` unless it is told otherwise: nothing but who it is, and the person is asked again.
  await leave(() => void users.signinRedirect({ scope: 'openid profile email' }), `${server.publicUrl}/**`);
  const second = await comeBack('#consent-allow');
  expect(second.profile).toMatchObject({
    sub: first.profile.sub,
    name: 'Mara Linde',
    email: 'mara@example.test',
  });

  const renewed = await page.evaluate(async () => {
    const before = await users.getUser();
    const after = await users.signinSilent();
    return {
      isNew: before?.access_token !== after?.access_token,
      isRotated: before?.refresh_token !== after?.refresh_token,
      name: after?.profile.name,
    };
  });
  expect(renewed).toEqual({ isNew: true, isRotated: true, name: 'Mara Linde' });

  // The consent is remembered: in a browser that is not known yet, the sign-in page itself leads back.
  await page.context().clearCookies();
  await leave(() => void users.signinRedirect(), `${server.publicUrl}/**`);
  await fillIn();
  const third = await comeBack('#login-submit');
  expect(third.profile.sub).toBe(first.profile.sub);

  await leave(
    () => void users.signoutRedirect({ post_logout_redirect_uri: `${location.origin}/` }),
    `${application.origin}/`,
  );
  expect(await page.evaluate(() => users.getUser())).toBeNull();
  await leave(() => void users.signinRedirect(), `${server.publicUrl}/**`);
  expect(await page.isVisible('#login-form')).toBe(true);
  expect(problems).toEqual([]);
});
