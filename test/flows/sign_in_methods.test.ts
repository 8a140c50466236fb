import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SYSTEM_ACTOR } from '../support/demo.ts';
import { messageCount, messagesTo } from '../support/mailbox.ts';
import type { Page } from '../support/browser_without_javascript.ts';
import type { RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { FLAGS } from '../support/software_authenticator.ts';
import {
  assertionPost,
  challengeOf,
  formOf,
  type House,
  openHouse,
  PASSWORD,
  usePasskey,
} from '../support/sign_in.ts';
import { type StatementLog, watchStatements } from '../support/statements.ts';
import { totpCode } from '../support/totp.ts';

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

describe('ways to sign in', () => {
  let server: TestServer;
  let house: House;

  beforeAll(async () => {
    server = await startTestServer({ SOURCE_ATTEMPT_LIMIT: '100000' });
    house = await openHouse(server, 'ways', {
      authenticationMechanisms: ['password', 'email_otp', 'sms_otp', 'totp', 'webauthn'],
      preferredAuthenticationMechanism: 'email_otp',
    });
  });
  afterAll(() => server.stop());

  /** A browser on the page of a method. */
  async function at(method: string, parameters: Record<string, string> = {}) {
    const app = await house.visitor();
    const flow = await app.begin(parameters);
    if (!app.browser.document.has(`input[name=method][value=${method}]`)) {
      await app.browser.follow(`#use-${method}`);
    }
    return { app, flow, browser: app.browser };
  }

  test('a code by mail: the name first, then the code, spaces and all; amr and auth_time are true', async () => {
    const { identifier } = await house.person('mail');
    const { app, flow, browser } = await at('email_otp');
    expect(browser.document.has('#password')).toBe(false);
    const asked = await browser.submit('#login-form', { identifier });
    expect(asked.status).toBe(200);
    expect(browser.document.attribute('#code', 'autocomplete')).toBe('one-time-code');
    expect(browser.document.text).toContain('m•••@ways.example');
    const code = await house.codeTo(identifier);
    const end = await browser.submit('#code-form', { code: ` ${code.slice(0, 3)} ${code.slice(3)}` });
    const { claims } = await app.finish(flow, end);
    expect(claims).toMatchObject({ amr: ['otp'], acr: '1fa' });
    expect(Math.abs(Number(claims['auth_time']) - Date.now() / 1000)).toBeLessThan(30);
  });

  test('asked again too soon nothing is sent, and the page says how long it takes', async () => {
    const { identifier } = await house.person('again');
    const { browser } = await at('email_otp');
    await browser.submit('#login-form', { identifier });
    expect(browser.document.has('#resend-wait')).toBe(true);
    await browser.submit('#code-resend');
    expect(await messagesTo(server, identifier)).toHaveLength(1);
    expect(browser.document.has('#code-form')).toBe(true);
  });

  test('a text message, an authenticator app and a password are one click away', async () => {
    const { identifier } = await house.person('all', { mobile: '+48600100201', totp: SECRET });
    const text = await at('sms_otp', { login_hint: identifier });
    expect(text.browser.document.valueOf('identifier')).toBe(identifier);
    await text.browser.submit('#login-form');
    const code = await house.codeTo('+48600100201');
    const bySms = await text.app.finish(text.flow, await text.browser.submit('#code-form', { code }));
    expect(bySms.claims).toMatchObject({ amr: ['otp', 'sms'], acr: '1fa' });

    const app = await at('totp');
    await app.browser.submit('#login-form', { identifier });
    const byApp = await app.app.finish(
      app.flow,
      await app.browser.submit('#code-form', { code: totpCode(SECRET) }),
    );
    expect(byApp.claims).toMatchObject({ amr: ['otp'] });

    const words = await house.visitor();
    const flow = await words.begin();
    await words.browser.follow('#use-password');
    const end = await words.browser.submit('#login-form', { identifier, password: PASSWORD });
    expect((await words.finish(flow, end)).claims).toMatchObject({ amr: ['pwd'] });
  });

  test('the choice is remembered when asked to be, in a cookie that says nothing; a right code works once', async () => {
    const { identifier } = await house.person('remember');
    const { app, browser } = await at('sms_otp');
    await browser.submit('#login-form', { identifier, remember: 'yes' });
    const next = await app.begin();
    expect(browser.document.has('input[name=method][value=sms_otp]')).toBe(true);
    const cookie = [...(next.page.headers['set-cookie'] ?? [])].join();
    expect(cookie).not.toContain('sms');
    await browser.submit('#login-form', { identifier, remember: undefined });
    await app.begin();
    expect(browser.document.has('input[name=method][value=email_otp]')).toBe(true);
  });

  test('a passkey that looked at its person is two factors; one that did not is one', async () => {
    const { userId } = await house.person('key');
    const key = await house.passkey(userId);
    const app = await house.visitor();
    const flow = await app.begin();
    expect(app.browser.document.attribute('#identifier', 'autocomplete')).toBe('username webauthn');
    const verified = await app.finish(flow, await usePasskey(app, key));
    expect(verified.claims).toMatchObject({ sub: userId, amr: ['pop', 'user', 'mfa'], acr: '2fa' });

    const again = await house.visitor();
    const second = await again.begin();
    const present = await again.finish(second, await usePasskey(again, key, { flags: FLAGS.UP }));
    expect(present.claims).toMatchObject({ amr: ['pop', 'user'], acr: '1fa' });
  });

  test('a passkey: of nobody, of somebody blocked, answered twice, in another sign-in, cloned: one answer', async () => {
    const { userId } = await house.person('keys');
    const away = await house.person('away');
    const key = await house.passkey(userId);
    const theirs = await house.passkey(away.userId);
    await server.elsewhere.users.update(
      { ...house.scope, userId: away.userId },
      { status: 'inactive' },
      SYSTEM_ACTOR,
    );
    const app = await house.visitor();
    await app.begin();
    const stranger = await house.passkey((await house.person('gone')).userId);
    const { options } = await challengeOf(app);
    const refused = [
      await usePasskey(app, theirs),
      await usePasskey(app, stranger, { claimedId: key.id.toString('base64url') }),
      await app.browser.post(...assertionPost(app, key.get(options, { origin: 'https://evil.example' }))),
    ];
    const other = await house.visitor();
    await other.begin();
    refused.push(
      await other.browser.post(...assertionPost(other, key.get((await challengeOf(app)).options))),
    );
    for (const page of refused) {
      expect(page.status).toBe(200);
      expect(page.stoppedAt).toBeUndefined();
      expect(page.document.textOf('[role=alert]')).toContain('The passkey was not used');
    }
  });

  test('fifty answers with one right code at the same moment: one gets in', async () => {
    const { identifier } = await house.person('fifty');
    const { browser } = await at('email_otp');
    await browser.submit('#login-form', { identifier });
    const code = await house.codeTo(identifier);
    const { action, fields } = formOf(browser, '#code-form');
    const ends = await Promise.all(
      Array.from({ length: 50 }, () => browser.tab().post(action, { ...fields, code })),
    );
    expect(ends.filter((page) => page.stoppedAt !== undefined)).toHaveLength(1);
  });

  test('a way that is switched off meanwhile is closed with a page that leads on', async () => {
    const { identifier } = await house.person('off');
    const off = await openHouse(server, 'closing', {
      authenticationMechanisms: ['password', 'email_otp'],
      preferredAuthenticationMechanism: 'email_otp',
    });
    const app = await off.visitor();
    await app.begin();
    const { action, fields } = formOf(app.browser, '#login-form');
    await off.change({ authenticationMechanisms: ['password'], preferredAuthenticationMechanism: null });
    const sent = () => app.browser.tab().post(action, { ...fields, identifier });
    await expect.poll(async () => (await sent()).status).toBe(403);
    const page = await app.browser.submit('#login-form', { identifier });
    expect(page.document.has('#method-off-page')).toBe(true);
    await app.browser.follow('#sign-in-again');
    expect(app.browser.document.has('#password')).toBe(true);
  });

  describe('what a stranger can learn', () => {
    let log: StatementLog;
    beforeAll(() => {
      log = watchStatements();
    });
    afterAll(() => log.stop());

    const masked = (page: Page, identifier: string) =>
      page.body
        .replaceAll(page.url.pathname.split('/')[4] ?? '', '{uid}')
        .replaceAll(identifier, '{identifier}')
        .replaceAll(/.•••@/g, '{masked}')
        .replaceAll(/nonce="[^"]+"/g, 'nonce')
        .replaceAll(/value="(?:h1|v1)\.[^"]+"/g, 'token');

    async function observe(app: RelyingParty, act: () => Promise<Page>, identifier: string) {
      const before = { hashes: server.server.hashing().total, messages: await messageCount(server) };
      const { result: page, statements } = await log.during(act);
      return {
        status: page.status,
        body: masked(page, identifier),
        headers: Object.keys(page.headers).sort(),
        hashes: server.server.hashing().total - before.hashes,
        // A message that goes nowhere is a statement too.
        statements: statements
          .filter((name) => name !== 'workspace-versions')
          .map((text) => (/^insert into "?outbox/i.test(text) ? 'outbox' : text)),
        messages: (await messageCount(server)) - before.messages,
      };
    }

    test('known, unknown, deactivated, invited, without an address: the same but for the message', async () => {
      const people = {
        known: (await house.person('known', { totp: SECRET })).identifier,
        unknown: 'nobody@ways.example',
        inactive: (await house.person('inactive', { status: 'inactive', totp: SECRET })).identifier,
        invited: (await house.person('invited', { status: 'new' })).identifier,
        unreachable: (await house.person('unreachable', { address: false })).identifier,
        blocked: (await house.person('blocked', { totp: SECRET })).identifier,
      };
      for (let i = 0; i < 6; i += 1) {
        const { browser } = await at('totp');
        await browser.submit('#login-form', { identifier: people.blocked });
        await browser.submit('#code-form', { code: '000000' });
      }
      for (const method of ['email_otp', 'totp']) {
        const seen = new Map<string, object>();
        for (const [name, identifier] of Object.entries(people)) {
          const { app, browser } = await at(method);
          const asked = await observe(app, () => browser.submit('#login-form', { identifier }), identifier);
          const wrong = await observe(
            app,
            () => browser.submit('#code-form', { code: '000000' }),
            identifier,
          );
          const { messages, ...rest } = asked;
          expect(messages, name).toBe(method === 'email_otp' && ['known', 'blocked'].includes(name) ? 1 : 0);
          seen.set(name, { asked: rest, wrong });
        }
        for (const [name, one] of seen) expect(one, `${method} ${name}`).toEqual(seen.get('unknown'));
      }
    });

    test('every way counts at one counter: what was guessed by code is not guessed on by password', async () => {
      const { identifier } = await house.person('counted', { totp: SECRET });
      const { app, browser } = await at('totp');
      await browser.submit('#login-form', { identifier });
      for (let i = 0; i < 5; i += 1) await browser.submit('#code-form', { code: '000000' });
      const other = await house.visitor();
      await other.begin();
      await other.browser.follow('#use-password');
      const end = await other.browser.submit('#login-form', { identifier, password: PASSWORD });
      expect(end.stoppedAt).toBeUndefined();
      expect((await browser.submit('#code-form', { code: totpCode(SECRET) })).stoppedAt).toBeUndefined();
      expect(app).toBeDefined();
    });
  });

  test('a step cannot be reached without the one before it, nor with the state of another sign-in', async () => {
    const { identifier } = await house.person('steps');
    const { browser } = await at('email_otp');
    await browser.submit('#login-form', { identifier });
    const { fields } = formOf(browser, '#code-form');
    const other = await at('email_otp');
    await other.browser.submit('#login-form', { identifier });
    const csrf = other.browser.document.valueOf('csrf') ?? '';
    const action = other.browser.document.form('#code-form').action;
    const stolen = await other.browser.post(action, { csrf, step: fields['step'] ?? '', code: '1' });
    expect(stolen.status).toBe(403);
    for (const step of ['code', 'second-factor', 'enrol', 'recovery-codes']) {
      const page = await other.browser.post(action.href.replace('/code/', `/${step}/`), { csrf });
      expect(page.url.pathname, step).toContain('/sign-in/');
    }
  });
});
