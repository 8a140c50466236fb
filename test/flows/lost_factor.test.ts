import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Browser, type Page } from '../support/browser_without_javascript.ts';
import { latestMessage, messagesTo } from '../support/mailbox.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type House, makePasskey, openHouse, PASSWORD } from '../support/sign_in.ts';
import { SoftwareAuthenticator } from '../support/software_authenticator.ts';
import { type StatementLog, watchStatements } from '../support/statements.ts';
import { totpCode } from '../support/totp.ts';

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

let server: TestServer;
let house: House;
let log: StatementLog;

beforeAll(async () => {
  server = await startTestServer({ SOURCE_ATTEMPT_LIMIT: '100000' });
  house = await openHouse(server, 'lost', {
    authenticationMechanisms: ['password', 'webauthn'],
    secondFactorAuthenticationMechanisms: ['totp'],
  });
  log = watchStatements();
});
afterAll(async () => {
  log.stop();
  await server.stop();
});

const browser = () => new Browser({ origin: server.publicUrl });
const page = (name: string) => `/default/identity/${house.scope.poolId}/${name}?server_id=lost`;

const secretOn = ({ body }: Page) =>
  (/id="totp-secret"[^>]*>([^<]+)</.exec(body)?.[1] ?? '').replaceAll(' ', '');

/** Somebody with both factors, whose password is older than a message that may have set it. */
async function person(name: string) {
  const made = await house.person(name, { totp: SECRET });
  await server.db
    .knex('credentials')
    .where({ user_id: made.userId })
    .update({ updated_at: new Date(Date.now() - 10 * 24 * 3600_000) });
  return made;
}

async function half(identifier: string) {
  const app = await house.visitor();
  const flow = await app.begin();
  await app.browser.submit('#login-form', { identifier, password: PASSWORD });
  return { app, flow, browser: app.browser };
}

describe('a lost authenticator app', () => {
  test('is replaced by the message together with the password, and every session ends', async () => {
    const { userId, identifier } = await person('tom');
    const before = await half(identifier);
    const signedIn = await before.app.finish(
      before.flow,
      await before.browser.submit('#code-form', { code: totpCode(SECRET) }),
    );
    const visitor = browser();
    await visitor.open(page('lost-totp'));
    const sent = await visitor.submit('#recover-form', { identifier });
    expect(sent.document.text).toContain('t•••@lost.example');
    await visitor.open((await latestMessage(server, identifier)).link ?? '');
    const proof = await visitor.submit('#set-totp-form');
    expect(proof.body).not.toContain('totp-secret');
    const refused = await visitor.submit('#proof-form', { password: 'not the password' });
    expect(refused.document.query('[role=alert]')).toBeDefined();
    const shown = await visitor.submit('#proof-form', { password: PASSWORD });
    const secret = secretOn(shown);
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(visitor.document.query('#totp-qr')).toBeDefined();
    const wrong = await visitor.submit('#code-form', { code: totpCode(SECRET) });
    expect(secretOn(wrong)).toBe(secret);
    const code = totpCode(secret);
    const done = await visitor.submit('#code-form', { code });
    expect(done.document.query('[data-done=totp_set]')).toBeDefined();

    const userinfo = await fetch(`${house.app.options.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${signedIn.tokens.access_token}` },
    });
    expect(userinfo.status).toBe(401);
    expect((await latestMessage(server, identifier)).template).toBe('new_second_factor');
    // The second factor is asked for as before; the code that proved the new app is used up.
    const again = await half(identifier);
    expect(again.browser.document.query('#code-form')).toBeDefined();
    expect(await server.elsewhere.totp.check({ ...house.scope, userId }, code)).toBe(false);
  });

  test('is not replaced by a mailbox alone: not after the password was chosen anew by message either', async () => {
    const { identifier } = await person('thea');
    const thief = browser();
    await thief.open(page('reset-password'));
    await thief.submit('#recover-form', { identifier });
    await thief.open((await latestMessage(server, identifier)).link ?? '');
    const chosen = 'the thief has chosen this one';
    await thief.submit('#new-password-form', { new_password: chosen, new_password_repeat: chosen });
    await thief.open(page('lost-totp'));
    await thief.submit('#recover-form', { identifier });
    const { link = '', code = '' } = await latestMessage(server, identifier);
    const refused = await thief.submit('#code-form', { code });
    expect(refused.status).toBe(403);
    expect(refused.document.query('#closed-page')).toBeDefined();
    await thief.open(link);
    expect((await thief.submit('#set-totp-form')).document.query('#closed-page')).toBeDefined();
  });

  test('tells no stranger who has an account', async () => {
    const { identifier } = await person('known');
    const ask = async (typed: string) => {
      const visitor = browser();
      await visitor.open(page('lost-totp'));
      const { result, statements } = await log.during(() =>
        visitor.submit('#recover-form', { identifier: typed }),
      );
      const polled = statements.filter((name) => name !== 'workspace-versions').length;
      return { status: result.status, text: result.document.text, polled };
    };
    await ask('kwarm@lost.example');
    expect(await ask(identifier)).toEqual(await ask('kxxxx@lost.example'));
    expect(await messagesTo(server, identifier)).toHaveLength(1);
  });
});

test('a lost passkey is replaced by the message, the password and the app together', async () => {
  const { userId, identifier } = await person('pat');
  const visitor = browser();
  await visitor.open(page('lost-passkey'));
  await visitor.submit('#recover-form', { identifier });
  await visitor.open((await latestMessage(server, identifier)).link ?? '');
  await visitor.submit('#set-passkey-form');
  const half_ = await visitor.submit('#proof-form', { password: PASSWORD, code: '000000' });
  expect(half_.document.query('[role=alert]')).toBeDefined();
  await visitor.submit('#proof-form', { password: PASSWORD, code: totpCode(SECRET) });
  expect(visitor.document.text).toContain('Passkeys need JavaScript');
  const done = await makePasskey(
    { browser: visitor },
    new SoftwareAuthenticator({ origin: server.publicUrl }),
  );
  expect(done.document.query('[data-done=passkey_set]')).toBeDefined();
  expect(await server.elsewhere.passkeys.list({ ...house.scope, userId })).toHaveLength(1);
  const told = (await messagesTo(server, identifier)).filter(({ template }) => template === 'new_passkey');
  expect(told).toHaveLength(1);
  expect((await visitor.open((await messagesTo(server, identifier))[0]?.link ?? '')).status).toBe(410);
});
