import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { challengeOf, formOf, type House, makePasskey, openHouse, PASSWORD } from '../support/sign_in.ts';
import { SoftwareAuthenticator } from '../support/software_authenticator.ts';

/** What the script of the page adds where the device can make passkeys. */
const able = { takes_passkeys: 'yes' };

describe('a passkey offered on the way in', () => {
  let server: TestServer;
  let house: House;

  beforeAll(async () => {
    server = await startTestServer();
    house = await openHouse(server, 'offer', {
      authenticationMechanisms: ['password', 'email_otp', 'webauthn'],
    });
  });
  afterAll(() => server.stop());

  const pageOf = ({ browser }: RelyingParty) => browser.document.attribute('body', 'data-page');
  const keysOf = (userId: string) => server.elsewhere.passkeys.list({ ...house.scope, userId });

  async function withPassword(app: RelyingParty, identifier: string, fields: Record<string, string> = able) {
    const flow = await app.begin({ prompt: 'login' });
    const page = await app.browser.submit('#login-form', { identifier, password: PASSWORD, ...fields });
    return { flow, page };
  }

  test('is made there, and the sign-in goes on as what it was', async () => {
    const { identifier, userId } = await house.person('maker');
    const app = await house.visitor();
    const { flow } = await withPassword(app, identifier);
    expect(pageOf(app)).toBe('passkey_offer');
    const key = new SoftwareAuthenticator({ origin: server.publicUrl });
    const end = await makePasskey(app, key);
    expect((await app.finish(flow, end)).claims).toMatchObject({ sub: userId, amr: ['pwd'], acr: '1fa' });
    expect(await keysOf(userId)).toHaveLength(1);
    // Somebody who has one is not asked.
    const elsewhere = await house.visitor();
    const second = await withPassword(elsewhere, identifier);
    await elsewhere.finish(second.flow, second.page);
  });

  test('not now: on to the application, and not again in this browser; another person and browser are asked', async () => {
    const { identifier, userId } = await house.person('later');
    const other = await house.person('other');
    const app = await house.visitor();
    const first = await withPassword(app, identifier);
    const end = await app.browser.submit('#passkey-later');
    expect((await app.finish(first.flow, end)).claims).toMatchObject({ sub: userId, amr: ['pwd'] });
    expect(await keysOf(userId)).toEqual([]);
    const again = await withPassword(app, identifier);
    await app.finish(again.flow, again.page);
    // Showing it was the offer, whatever comes of it.
    await withPassword(app, other.identifier);
    expect(pageOf(app)).toBe('passkey_offer');
    const third = await withPassword(app, identifier);
    await app.finish(third.flow, third.page);
    const left = await withPassword(app, other.identifier);
    await app.finish(left.flow, left.page);
    const elsewhere = await house.visitor();
    await withPassword(elsewhere, identifier);
    expect(pageOf(elsewhere)).toBe('passkey_offer');
  });

  test('comes after a code too; never where the browser has not said that it can, nor where the pool takes none', async () => {
    const { identifier } = await house.person('coded');
    const plain = await house.visitor();
    const without = await withPassword(plain, identifier, {});
    await plain.finish(without.flow, without.page);

    const app = await house.visitor();
    await app.begin();
    await app.browser.follow('#use-email_otp');
    await app.browser.submit('#login-form', { identifier, ...able });
    await app.browser.submit('#code-form', { code: await house.codeTo(identifier) });
    expect(pageOf(app)).toBe('passkey_offer');

    await house.change({ authenticationMechanisms: ['password'] });
    const passwords = await house.visitor();
    const flow = await passwords.begin();
    const { action, fields } = formOf(passwords.browser, '#login-form');
    expect(fields).not.toHaveProperty('takes_passkeys');
    const filled = { ...fields, identifier, password: PASSWORD, ...able };
    await passwords.finish(flow, await passwords.browser.post(action, filled));
    await house.change({ authenticationMechanisms: ['password', 'email_otp', 'webauthn'] });
  });

  test('ends no sign-in that still lacks a second factor, and gives no challenge for it', async () => {
    const { identifier } = await house.person('second', { totp: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' });
    await house.change({ secondFactorAuthenticationMechanisms: ['totp'] });
    const app = await house.visitor();
    await withPassword(app, identifier);
    expect(pageOf(app)).toBe('second_factor');
    const { action, fields } = formOf(app.browser, '#code-form');
    const { step = '', csrf = '' } = fields;
    const offer = new URL(String(action).replace('/second-factor/', '/passkey-offer/'));
    const options = new URL(String(action).replace('/second-factor/', '/passkey-options/'));
    expect((await app.browser.tab().post(options, { csrf, step })).status).toBe(403);
    await app.browser.post(offer, { csrf, step, later: 'yes' });
    expect(pageOf(app)).toBe('sign_in');
    await house.change({ secondFactorAuthenticationMechanisms: [] });
  });

  test('a stale page makes no second first passkey', async () => {
    const { identifier, userId } = await house.person('twice');
    const app = await house.visitor();
    const { flow } = await withPassword(app, identifier);
    await house.passkey(userId);
    expect((await challengeOf(app)).status).toBe(403);
    const end = await app.browser.submit('#passkey-later');
    await app.finish(flow, end);
    expect(await keysOf(userId)).toHaveLength(1);
  });
});
