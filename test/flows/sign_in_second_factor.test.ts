import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SYSTEM_ACTOR } from '../support/demo.ts';
import { messagesTo } from '../support/mailbox.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { FLAGS, SoftwareAuthenticator } from '../support/software_authenticator.ts';
import {
  challengeOf,
  formOf,
  type House,
  makePasskey,
  openHouse,
  PASSWORD,
  usePasskey,
} from '../support/sign_in.ts';
import { totpCode } from '../support/totp.ts';

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

describe('the second factor', () => {
  let server: TestServer;
  let house: House;

  beforeAll(async () => {
    server = await startTestServer({ SOURCE_ATTEMPT_LIMIT: '100000' });
    house = await openHouse(server, 'two', {
      authenticationMechanisms: ['password', 'email_otp', 'webauthn', 'totp'],
      secondFactorAuthenticationMechanisms: ['totp', 'sms_otp', 'webauthn'],
      secondFactorPreferredAuthenticationMechanism: 'totp',
      mfaSessionTtl: '1h0m0s',
    });
  });
  afterAll(() => server.stop());

  /** A browser that has shown the password. */
  async function half(identifier: string, parameters: Record<string, string> = {}, before?: House['app']) {
    const app = before ?? (await house.visitor());
    const flow = await app.begin(parameters);
    const page = await app.browser.submit('#login-form', { identifier, password: PASSWORD });
    return { app, flow, browser: app.browser, page };
  }

  test('password and app: amr has both, and one without the other opens nothing', async () => {
    const { identifier } = await house.person('both', { totp: SECRET });
    const { app, flow, browser, page } = await half(identifier);
    expect(page.stoppedAt).toBeUndefined();
    expect(browser.document.attribute('body', 'data-page')).toBe('second_factor');
    const elsewhere = browser.clone();
    expect((await elsewhere.open(flow.url)).stoppedAt).toBeUndefined();
    expect((await browser.submit('#code-form', { code: '000000' })).stoppedAt).toBeUndefined();
    const end = await browser.submit('#code-form', { code: totpCode(SECRET) });
    const { claims } = await app.finish(flow, end);
    expect(claims).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: '2fa' });
  });

  test('every first factor is followed by another one, never by the same', async () => {
    const { identifier } = await house.person('other', { totp: SECRET, mobile: '+48600100301' });
    const mail = await house.visitor();
    const flow = await mail.begin();
    await mail.browser.follow('#use-email_otp');
    await mail.browser.submit('#login-form', { identifier });
    await mail.browser.submit('#code-form', { code: await house.codeTo(identifier) });
    expect(mail.browser.document.text).toContain('authenticator app');
    await mail.browser.submit('#use-sms_otp');
    expect(mail.browser.document.text).toContain('•••• 01');
    const code = await house.codeTo('+48600100301');
    const { claims } = await mail.finish(flow, await mail.browser.submit('#code-form', { code }));
    expect(claims['amr']).toEqual(['otp', 'sms', 'mfa']);

    const app = await house.visitor();
    await app.begin();
    await app.browser.follow('#use-totp');
    await app.browser.submit('#login-form', { identifier });
    await app.browser.submit('#code-form', { code: totpCode(SECRET) });
    expect(app.browser.document.attribute('body', 'data-page')).toBe('second_factor');
    expect(app.browser.document.has('#use-totp')).toBe(false);
    expect(app.browser.document.text).toContain('•••• 01');
  });

  test('a verified passkey is both; one without verification is followed by another factor', async () => {
    const { userId } = await house.person('key', { totp: SECRET });
    const key = await house.passkey(userId);
    const app = await house.visitor();
    const flow = await app.begin();
    expect((await app.finish(flow, await usePasskey(app, key))).claims).toMatchObject({ acr: '2fa' });
    const again = await house.visitor();
    const second = await again.begin();
    await usePasskey(again, key, { flags: FLAGS.UP });
    const end = await again.browser.submit('#code-form', { code: totpCode(SECRET) });
    expect((await again.finish(second, end)).claims).toMatchObject({ amr: ['pop', 'user', 'otp', 'mfa'] });
  });

  test("as the second factor only the person's own passkey counts", async () => {
    const { userId, identifier } = await house.person('own');
    const own = await house.passkey(userId);
    const foreign = await house.passkey((await house.person('foreign')).userId);
    const { app, flow, browser } = await half(identifier);
    const { options } = await challengeOf(app);
    expect(JSON.stringify(options)).toContain(own.id.toString('base64url'));
    await usePasskey(app, foreign);
    expect(browser.document.textOf('[role=alert]')).toContain('The passkey was not used');
    const { claims } = await app.finish(flow, await usePasskey(app, own));
    expect(claims['amr']).toEqual(['pwd', 'pop', 'user', 'mfa']);
  });

  test('a remembered browser does without for a while, and says so truthfully', async () => {
    const { identifier, userId } = await house.person('remembered', { totp: SECRET });
    const first = await half(identifier);
    await first.browser.submit('#code-form', { code: totpCode(SECRET), remember_device: 'yes' });
    const again = await half(identifier, { prompt: 'login' }, first.app);
    const { claims } = await again.app.finish(again.flow, again.page);
    expect(claims).toMatchObject({ amr: ['pwd'], acr: '1fa' });
    // The application asks for two: the session of one is not enough, and the browser is not remembered for it.
    const more = await half(identifier, { acr_values: '2fa' }, first.app);
    expect(more.page.document.attribute('body', 'data-page')).toBe('second_factor');
    const silent = await first.app.begin({ acr_values: '2fa', prompt: 'none' });
    expect((await first.app.finish(silent, silent.page)).claims).toMatchObject({ acr: '1fa' });
    const stranger = await half(identifier);
    expect(stranger.page.stoppedAt).toBeUndefined();

    const devices = await server.elsewhere.devices.list({ ...house.scope, userId });
    expect(devices).toHaveLength(1);
    await server.elsewhere.devices.remove({ ...house.scope, userId }, devices[0]?.id ?? '', SYSTEM_ACTOR);
    const afterwards = await half(identifier, { prompt: 'login' }, first.app);
    expect(afterwards.page.stoppedAt).toBeUndefined();
  });

  test('who has none sets one up on the way: app, code, ten codes shown once, and on to the application', async () => {
    const { identifier, userId } = await house.person('new');
    const { app, flow, browser } = await half(identifier);
    expect(browser.document.attribute('body', 'data-page')).toBe('enrol_factor');
    const secret = browser.document.textOf('#totp-secret').replaceAll(' ', '');
    expect(browser.document.has('#totp-qr')).toBe(true);
    await browser.submit('#code-form', { code: '000000' });
    expect(browser.document.textOf('#totp-secret').replaceAll(' ', '')).toBe(secret);
    await browser.submit('#code-form', { code: totpCode(secret) });
    const codes = browser.document.textOf('#recovery-codes').match(/(?:[0-9a-z]{4}-){3}[0-9a-z]{4}/g)?.length;
    expect(codes).toBe(10);
    const { claims } = await app.finish(flow, await browser.submit('#recovery-codes-form'));
    expect(claims).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: '2fa' });
    expect(await server.elsewhere.recoveryCodes.count({ ...house.scope, userId })).toBe(10);
    expect((await messagesTo(server, identifier)).map((one) => one.template)).toContain('new_second_factor');
    // Enrolled once: from now on it is asked for.
    expect((await half(identifier)).page.document.attribute('body', 'data-page')).toBe('second_factor');
  });

  test('a passkey is set up in the same way; who has a factor cannot set up another with half a sign-in', async () => {
    const { identifier } = await house.person('newkey');
    const fresh = await half(identifier);
    await fresh.browser.submit('#use-webauthn');
    const page = await makePasskey(fresh.app, new SoftwareAuthenticator({ origin: server.publicUrl }));
    expect(page.document.attribute('body', 'data-page')).toBe('recovery_codes');
    const { claims } = await fresh.app.finish(fresh.flow, await fresh.browser.submit('#recovery-codes-form'));
    expect(claims['amr']).toEqual(['pwd', 'pop', 'user', 'mfa']);

    const known = await house.person('known', { totp: SECRET });
    const thief = await half(known.identifier);
    const { action, fields } = formOf(thief.browser, '#code-form');
    const enrol = action.href.replace('second-factor', 'enrol');
    const refused = await thief.browser.post(enrol, { ...fields, code: totpCode(SECRET) });
    expect(refused.url.pathname).toContain('/sign-in/');
  });

  test('a recovery code takes the place of a lost app, once, and its owner is told', async () => {
    const { identifier, userId } = await house.person('lost', { totp: SECRET });
    const codes = await server.elsewhere.recoveryCodes.issue({ ...house.scope, userId }, SYSTEM_ACTOR);
    const [code = ''] = codes;
    const { app, flow, browser } = await half(identifier);
    await browser.submit('#use-recovery_code');
    const { claims } = await app.finish(
      flow,
      await browser.submit('#code-form', { code: code.toUpperCase().replaceAll('-', ' ') }),
    );
    expect(claims['acr']).toBe('2fa');
    expect((await messagesTo(server, identifier)).at(-1)?.template).toBe('recovery_used');
    const again = await half(identifier);
    await again.browser.submit('#use-recovery_code');
    expect((await again.browser.submit('#code-form', { code })).stoppedAt).toBeUndefined();
    const second = codes[1] ?? '';
    const tabs = await Promise.all(
      Array.from({ length: 50 }, () =>
        server.elsewhere.recoveryCodes.use({ ...house.scope, userId }, second, SYSTEM_ACTOR),
      ),
    );
    expect(tabs.filter(Boolean)).toHaveLength(1);
  });

  test('guesses at the second factor are counted, and the right one does not help afterwards', async () => {
    const { identifier } = await house.person('guessed', { totp: SECRET });
    const { browser } = await half(identifier);
    for (let i = 0; i < 5; i += 1) await browser.submit('#code-form', { code: '000000' });
    expect((await browser.submit('#code-form', { code: totpCode(SECRET) })).status).toBe(429);
    const again = await half(identifier);
    expect((await again.browser.submit('#code-form', { code: totpCode(SECRET) })).status).toBe(429);
  });

  test('a password that must be changed is changed after the second factor, not before', async () => {
    const { identifier } = await house.person('must', { totp: SECRET, mustChange: true });
    const { app, flow, browser, page } = await half(identifier);
    expect(page.document.attribute('body', 'data-page')).toBe('second_factor');
    const change = await browser.submit('#code-form', { code: totpCode(SECRET) });
    expect(change.document.has('#new-password-form')).toBe(true);
    const fresh = 'a quite different password';
    const end = await browser.submit('#new-password-form', {
      new_password: fresh,
      new_password_repeat: fresh,
    });
    expect((await app.finish(flow, end)).claims).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: '2fa' });
  });

  test('what changed since the first factor ends it', async () => {
    const { identifier, userId } = await house.person('changed', { totp: SECRET });
    const { browser } = await half(identifier);
    await server.elsewhere.users.update({ ...house.scope, userId }, { status: 'inactive' }, SYSTEM_ACTOR);
    const page = await browser.submit('#code-form', { code: totpCode(SECRET) });
    expect(page.url.pathname).toContain('/sign-in/');
  });

  test('a ceiling that leaves no second factor is refused, at the workspace as at the pool', async () => {
    const { workspaces, pools } = server.elsewhere;
    const scope = { tenantId: 'default', workspaceId: house.id };
    const workspace = await workspaces.get(scope);
    const ceiling = { authenticationMechanisms: ['password', 'email_otp'] as const };
    await expect(workspaces.update(scope, { ...workspace, ...ceiling }, SYSTEM_ACTOR)).rejects.toMatchObject({
      kind: 'invalid',
    });
    const allowed = { authenticationMechanisms: ['password', 'totp'] as const };
    await workspaces.update(scope, { ...workspace, ...allowed }, SYSTEM_ACTOR);
    const pool = await pools.get(house.scope);
    const second = { secondFactorAuthenticationMechanisms: ['webauthn'] as const };
    const preferred = { secondFactorPreferredAuthenticationMechanism: null };
    await expect(
      pools.update(house.scope, { ...pool, ...second, ...preferred }, SYSTEM_ACTOR),
    ).rejects.toMatchObject({ issues: [{ pointer: '/second_factor_authentication_mechanisms' }] });
    await workspaces.update(scope, workspace, SYSTEM_ACTOR);
  });
});
