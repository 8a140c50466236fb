import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Browser } from '../support/browser_without_javascript.ts';
import { SYSTEM_ACTOR } from '../support/demo.ts';
import { latestMessage, messageCount, messagesTo } from '../support/mailbox.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { formOf, type House, openHouse } from '../support/sign_in.ts';

const workspaceId = 'siege';
const next = 'a heron waits in the reeds';

let server: TestServer;
let house: House;

beforeAll(async () => {
  server = await startTestServer({ SOURCE_ATTEMPT_LIMIT: '100000' });
  house = await openHouse(server, workspaceId, { authenticationMechanisms: ['password', 'email_otp'] });
});
afterAll(() => server.stop());

const pathOf = (name: string) => `/default/identity/${house.scope.poolId}/${name}?server_id=${workspaceId}`;

async function recovering(identifier: string): Promise<Browser> {
  const browser = new Browser({ origin: server.publicUrl });
  await browser.open(pathOf('reset-password'));
  await browser.submit('#recover-form', { identifier });
  return browser;
}

/** What a mail scanner or a preview sends. */
const head = (url: string) =>
  new Promise<number>((resolve, reject) => {
    const outgoing = request(url, {
      method: 'HEAD',
      headers: { purpose: 'prefetch', 'sec-purpose': 'prefetch' },
    });
    outgoing.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.once('error', reject);
    outgoing.end();
  });

describe('a message asked for by whomever', () => {
  test('has a link that a scanner may look at as often as it likes', async () => {
    const { identifier } = await house.person('scanned');
    await recovering(identifier);
    const { link = '' } = await latestMessage(server, identifier);
    const owner = new Browser({ origin: server.publicUrl });
    for (let looked = 0; looked < 3; looked += 1) {
      expect(await head(link)).toBe(200);
      expect((await new Browser({ origin: server.publicUrl }).open(link)).status).toBe(200);
    }
    await owner.open(link);
    const done = await owner.submit('#new-password-form', { new_password: next, new_password_repeat: next });
    expect(done.document.query('[data-done=password_set]')).toBeDefined();
  });

  test('of fifty guesses at once, each in a browser of its own, five are looked at', async () => {
    const { identifier } = await house.person('guessed');
    const asked = await recovering(identifier);
    const { code = '' } = await latestMessage(server, identifier);
    const wrong = code === '000000' ? '000001' : '000000';
    const browsers = Array.from({ length: 50 }, () => asked.clone());
    const { action, fields } = formOf(asked, '#code-form');
    await Promise.all(browsers.map((browser) => browser.post(action, { ...fields, code: wrong })));
    const late = await asked.submit('#code-form', { code });
    expect(late.document.has('#new-password-form')).toBe(false);
    const [{ tries } = { tries: 0 }] = await server.db
      .knex('codes')
      .where({ pool_id: house.scope.poolId, type: 'reset_password' })
      .max<{ tries: number }[]>({ tries: 'wrong_tries' });
    expect(tries).toBe(5);
  });

  test('goes to the address as it is stored, and to nobody for a name that only looks like it', async () => {
    const { identifier } = await house.person('mike');
    const before = await messageCount(server);
    for (const alike of [
      'm\u0131ke@siege.example',
      'm\u00edke@siege.example',
      'mike@siege.example,thief@evil.example',
      'mike@siege.example\r\nBcc: thief@evil.example',
      'mike@siege.example\u0000',
      '"mike@siege.example x"@evil.example',
    ]) {
      const browser = new Browser({ origin: server.publicUrl });
      await browser.open(pathOf('reset-password'));
      const { action, fields } = formOf(browser, '#recover-form');
      const { status } = await browser.post(action, { ...fields, identifier: alike });
      expect(status, JSON.stringify(alike)).toBeLessThan(500);
    }
    expect(await messageCount(server)).toBe(before);
    for (const same of ['MIKE@siege.example', 'mike@SIEGE.example', '\uff4dike@siege.example'])
      await recovering(same);
    const told = await messagesTo(server, identifier);
    expect(await messageCount(server)).toBe(before + told.length);
    expect(told.length).toBeGreaterThan(0);
  });
});

describe('a form that no page has made', () => {
  test.each([
    ['a field twice', 400, { extra: [['identifier', 'somebody@else.example']] as const }, {}],
    ['a name of 100 kB', 413, {}, { identifier: 'a'.repeat(100_000) }],
    ['names of Object.prototype', 200, {}, { __proto__x: '1', constructor: '1', 'payload.__proto__.x': '1' }],
    ['a step that was made up', 403, {}, { step: 'v1.AAAA' }],
    [
      'a target of its own',
      200,
      {},
      { return_to: 'https://evil.example', redirect_uri: 'https://evil.example' },
    ],
  ])('%s: is refused or ignored, on a page that nobody keeps', async (_, answer, options, more) => {
    const browser = new Browser({ origin: server.publicUrl });
    await browser.open(pathOf('reset-password'));
    const { action, fields } = formOf(browser, '#recover-form');
    const page = await browser.post(
      action,
      { ...fields, identifier: 'nobody@siege.example', ...more },
      options,
    );
    expect(page.status).toBe(answer);
    expect(page.headers.location ?? '').not.toContain('evil.example');
    expect(page.body).not.toContain('evil.example');
    expect(page.headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    });
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  });

  test('parameters of a sign-in lead nowhere else, and end up in no header', async () => {
    const hostile: Record<string, string>[] = [
      { idp_hint: 'https://evil.example/' },
      { idp_hint: '//evil.example\r\nset-cookie: a=b' },
      { ui_locales: 'de\r\nset-cookie: a=b' },
      { login_hint: '"><script>alert(1)</script>' },
    ];
    for (const parameters of hostile) {
      const app = await house.visitor();
      const { page } = await app.begin(parameters);
      expect(page.stoppedAt?.href ?? '').not.toContain('evil.example');
      expect(page.status).toBeLessThan(500);
      expect(page.body).not.toContain('<script>alert');
      expect(String(page.headers['set-cookie'] ?? '')).not.toMatch(/(^|,)a=b/);
    }
  });
});

describe('somebody who is shut out on the way', () => {
  test.each(['code', 'reset'])('gets no further with what was sent before: %s', async (journey) => {
    const { userId, identifier } = await house.person(`leaver-${journey}`);
    const app = await house.visitor();
    await app.begin();
    let { browser } = app;
    if (journey === 'code') {
      await browser.follow('#use-email_otp');
      await browser.submit('#login-form', { identifier });
    } else browser = await recovering(identifier);
    const { code = '' } = await latestMessage(server, identifier);
    const scope = { ...house.scope, userId };
    await server.elsewhere.users.update(scope, { status: 'inactive' }, SYSTEM_ACTOR);
    const page = await browser.submit('#code-form', { code });
    expect(page.stoppedAt).toBeUndefined();
    expect(page.document.has('[role=alert]')).toBe(true);
    expect(page.document.has('#new-password-form')).toBe(false);
  });
});
