import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addAuthenticator } from '../support/authenticator_in_chromium.ts';
import { launchChromium } from '../support/chromium.ts';
import { addWorkspace, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { latestMessage } from '../support/mailbox.ts';
import { openPhone } from '../support/phone.ts';
import type { RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type House, openHouse, PASSWORD } from '../support/sign_in.ts';
import { type ServedApplication, serveApplication } from '../support/stock_client.ts';
import { totpCode } from '../support/totp.ts';

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const next = 'a heron waits in the reeds';

let server: TestServer;
let chromium: Browser;
let house: House;
/** Where a second factor is asked for. */
let strict: House;
/** Where there are three ways in. */
let open: House;
/** On another origin, as applications are. */
let application: ServedApplication;

beforeAll(async () => {
  chromium = await launchChromium();
  server = await startTestServer();
  application = await serveApplication((_, res) => {
    res.setHeader('content-type', 'text/html');
    res.end('<!doctype html><meta name="viewport" content="width=device-width"><p>signed in</p>');
  });
  house = await openHouse(server, 'phone', { authenticationMechanisms: ['password', 'email_otp'] });
  strict = await openHouse(server, 'strict', {
    authenticationMechanisms: ['password'],
    secondFactorAuthenticationMechanisms: ['totp'],
    mfaSessionTtl: '1h0m0s',
  });
  open = await openHouse(server, 'open', {
    authenticationMechanisms: ['password', 'email_otp', 'webauthn'],
  });
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await server.stop();
});

const phone = () => openPhone(chromium);

const appOf = (workspaceId: string, options: { trusted?: boolean } = {}) =>
  relyingParty(server, {
    workspaceId,
    redirectUris: [`${application.origin}/callback`],
    ...options,
  });

/** The address that an application sends people to. */
const startOf = async (app: RelyingParty, parameters: Record<string, string> = {}) =>
  (await app.begin({ redirect_uri: `${application.origin}/callback`, ...parameters })).url.href;

async function begin({ id }: House): Promise<Page> {
  const page = await phone();
  await page.goto(await startOf(await appOf(id)));
  return page;
}

async function signIn(page: Page, identifier: string, password = PASSWORD): Promise<void> {
  await page.fill('#identifier', identifier);
  await page.fill('#password', password);
  await page.click('#login-submit');
}

async function choosePassword(page: Page): Promise<void> {
  await page.fill('#new-password', next);
  await page.fill('#new-password-repeat', next);
  await page.click('#new-password-submit');
}

async function typeCode(page: Page, code: string): Promise<void> {
  await page.fill('#code', code);
  await page.click('#code-submit');
}

async function arrives(page: Page): Promise<void> {
  await page.waitForURL(`${application.origin}/callback**`);
  expect(new URL(page.url()).searchParams.get('code')).toBeTruthy();
}

test('a code by mail, typed with a space', async () => {
  const { identifier } = await house.person('mail');
  const page = await begin(house);
  await page.click('#use-email_otp');
  await page.fill('#identifier', identifier);
  await page.click('#login-submit');
  await page.waitForSelector('#code');
  const code = await house.codeTo(identifier);
  await typeCode(page, `${code.slice(0, 3)} ${code.slice(3)}`);
  await arrives(page);
});

test('a password and the code of an app, after one that is wrong; this browser is not asked again', async () => {
  const { identifier } = await strict.person('both', { totp: SECRET });
  const page = await begin(strict);
  await signIn(page, identifier);
  await typeCode(page, '000000');
  await page.waitForSelector('[role=alert]');
  await page.check('#remember-device');
  await typeCode(page, totpCode(SECRET));
  await arrives(page);
  await page.goto(await startOf(await appOf(strict.id), { prompt: 'login' }));
  await signIn(page, identifier);
  await arrives(page);
});

test('who has no second factor sets one up on the way; a recovery code stands in for it', async () => {
  const { identifier } = await strict.person('first');
  const page = await begin(strict);
  await signIn(page, identifier);
  const secret = (await page.textContent('#totp-secret')) ?? '';
  await typeCode(page, totpCode(secret.replaceAll(' ', '')));
  const codes = await page.locator('#recovery-codes li').allTextContents();
  expect(codes).toHaveLength(10);
  await page.click('#recovery-codes-kept');
  await arrives(page);

  const other = await begin(strict);
  await signIn(other, identifier);
  await other.click('#other-ways summary');
  await other.click('#use-recovery_code');
  await other.waitForSelector('#code[autocomplete=off]');
  await typeCode(other, codes[0]?.trim() ?? '');
  await arrives(other);
});

test('a password that must be changed is changed on the way, its rules ticked while it is typed', async () => {
  const { identifier } = await house.person('stale', { mustChange: true });
  const page = await begin(house);
  await signIn(page, identifier);
  const rule = (name: string) => page.getAttribute(`[data-rule="${name}"]`, 'data-state');
  await page.fill('#new-password', 'otter');
  await expect.poll(() => rule('min_length')).toBe('open');
  await page.fill('#new-password', next);
  await expect.poll(() => rule('min_length')).toBe('met');
  await choosePassword(page);
  await arrives(page);
});

test('a forgotten password is replaced by the code, while the wait for another one counts down; the sign-in goes on', async () => {
  const { identifier } = await house.person('forgot');
  const page = await begin(house);
  await page.click('#forgot-link');
  await page.fill('#identifier', identifier);
  await page.click('#recover-submit');
  const left = async () => Number(/\d+/.exec((await page.textContent('#resend-wait')) ?? ''));
  const first = await left();
  await expect.poll(left, { timeout: 5000 }).toBeLessThan(first);
  await typeCode(page, (await latestMessage(server, identifier)).code ?? '');
  await choosePassword(page);
  await page.click('#done-sign-in');
  await signIn(page, identifier, next);
  await arrives(page);
});

const by = { form: 'link', by: SYSTEM_ACTOR, source: undefined } as const;

/** Opens the link of an invitation twice, which uses nothing up, and agrees to go on. */
async function accept(at: House, name: string) {
  const { userId, identifier } = await at.person(name, { status: 'new', password: false });
  const message = { ...by, workspaceId: at.id, postActivationUrl: undefined };
  await server.elsewhere.activationMessages.send({ ...at.scope, userId }, message);
  const { link = '' } = await latestMessage(server, identifier);
  const page = await phone();
  await page.goto(link);
  await page.goto(link);
  await page.click('#activate-form button');
  await page.waitForSelector('#new-password-submit');
  return { page, identifier, userId, link };
}

test('an invitation is accepted by its link, with a password; used up, it leads on', async () => {
  const { page, identifier, link } = await accept(house, 'invited');
  await page.check('#credential-password');
  await choosePassword(page);
  await page.waitForSelector('[data-done=activated]');
  await page.goto(link);
  await page.waitForSelector('#link-expired-page a.btn');
  const again = await begin(house);
  await signIn(again, identifier, next);
  await arrives(again);
});

test('an invitation is accepted without a password: by a code each time, or with a passkey made on the spot', async () => {
  const codes = await accept(open, 'codes');
  await codes.page.check('#credential-code');
  expect(await codes.page.isVisible('#new-password')).toBe(false);
  await codes.page.click('#new-password-submit');
  await codes.page.waitForSelector('[data-done=activated]');

  const keys = await accept(open, 'keys');
  await addAuthenticator(keys.page);
  await keys.page.check('#credential-passkey');
  expect(await keys.page.isVisible('#new-password')).toBe(false);
  await keys.page.click('#new-password-submit');
  await keys.page.click('#passkey-submit');
  await keys.page.waitForSelector('#done-page');
  const scope = { ...open.scope, userId: keys.userId };
  expect(await server.elsewhere.passkeys.list(scope)).toHaveLength(1);
});

test('an address is proven by its link', async () => {
  const { userId } = await house.person('mover');
  const scope = { ...house.scope, userId };
  const address = 'mover.new@phone.example';
  await server.elsewhere.addresses.add(
    scope,
    { type: 'email', address, verified: false, status: 'active' },
    SYSTEM_ACTOR,
  );
  await server.elsewhere.addressVerification.requestFor(scope, address, { ...by, workspaceId: house.id });
  const page = await phone();
  await page.goto((await latestMessage(server, address)).link ?? '');
  await page.click('#verify-form button');
  await page.waitForSelector('[data-done=address_verified]');
});

test('a lost app is replaced by a message and the password', async () => {
  const { userId, identifier } = await strict.person('lost', { totp: SECRET });
  await server.db
    .knex('credentials')
    .where({ user_id: userId })
    .update({ updated_at: new Date(Date.now() - 10 * 24 * 3600_000) });
  const page = await begin(strict);
  await signIn(page, identifier);
  await page.click('#other-ways summary');
  await page.click('#lost-factor');
  await page.fill('#identifier', identifier);
  await page.click('#recover-submit');
  await page.waitForSelector('#code');
  await typeCode(page, (await latestMessage(server, identifier)).code ?? '');
  await page.fill('#password', PASSWORD);
  await page.click('#proof-submit');
  const secret = (await page.textContent('#totp-secret')) ?? '';
  await typeCode(page, totpCode(secret.replaceAll(' ', '')));
  await page.waitForSelector('[data-done=totp_set]');
});

test('an application that is not ours is allowed what it asks for; the account is chosen the next time, and signed out', async () => {
  const { identifier } = await house.person('consent');
  const stranger = await appOf(house.id, { trusted: false });
  const page = await phone();
  await page.goto(await startOf(stranger));
  await signIn(page, identifier);
  await page.click('#consent-allow');
  await arrives(page);
  await page.goto(await startOf(stranger, { prompt: 'select_account' }));
  await page.click('#account-current');
  await arrives(page);
  await page.goto(`${stranger.options.issuer}/oidc/logout`);
  await page.click('#logout-confirm');
  await page.waitForSelector('#logged-out');
  await page.goto(await startOf(stranger));
  await page.waitForSelector('#login-form');
});

test('the account page and every page behind it; signed out from there', async () => {
  const { identifier } = await open.person('account');
  const account = `${open.app.options.issuer}/account`;
  const page = await phone();
  await page.goto(account);
  await signIn(page, identifier);
  await page.click('#passkey-offer-later');
  await page.waitForSelector('#passkey-offer', { state: 'detached' });
  const pages = await page.evaluate<string[]>(
    `[...document.querySelectorAll('a[id^=open-]')].map(({ href }) => href)`,
  );
  expect(pages.length).toBeGreaterThan(6);
  for (const href of pages) {
    const answer = await page.goto(href);
    expect(answer?.status(), href).toBe(200);
    await page.click('#account-home');
    await page.waitForURL(account);
  }
  await page.click('#sign-out');
  await page.click('#logout-confirm');
  await page.waitForSelector('#logged-out');
  await page.goto(account);
  await page.waitForSelector('#login-form');
});

test('what went wrong leads back: a sign-in of another browser, an error, a page that is not there', async () => {
  const started = await begin(house);
  const page = await phone();
  const leadsBack = async (selector: string) => {
    await page.click(`${selector} a.btn`);
    await page.waitForURL(`${application.origin}/`);
  };
  await page.goto(started.url());
  await leadsBack('#expired-page');
  await page.goto(await startOf(await appOf(house.id), { redirect_uri: 'https://elsewhere.example.test/' }));
  await leadsBack('#error-page');
  await page.goto(`${house.app.options.issuer}/account/nothing-here`);
  await page.click('#to-account');
  await page.waitForSelector('#login-form');
});

test('of two pools one is chosen, and remembered', async () => {
  const person = { identifier: 'twofold@example.test', password: PASSWORD };
  const { workspaceId } = await addWorkspace(server.elsewhere, 'choice', person);
  await server.elsewhere.connections.create(
    { tenantId: 'default', workspaceId },
    { poolId: house.scope.poolId, name: 'The other people' },
    SYSTEM_ACTOR,
  );
  const app = await appOf(workspaceId);
  const page = await phone();
  await page.goto(await startOf(app));
  await page.check('#remember');
  await page.click('#pool-chooser button:has-text("choice people")');
  await signIn(page, person.identifier);
  await arrives(page);
  await page.goto(await startOf(app, { prompt: 'login' }));
  await page.waitForSelector('#login-form');
  await page.goBack();
  await page.goForward();
  await signIn(page, person.identifier);
  await arrives(page);
});
