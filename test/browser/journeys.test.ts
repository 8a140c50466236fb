import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { addWorkspace, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { latestMessage } from '../support/mailbox.ts';
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
/** On another origin, as applications are. */
let application: ServedApplication;

beforeAll(async () => {
  chromium = await launchChromium();
  server = await startTestServer();
  application = await serveApplication((_, res) => res.end('signed in'));
  house = await openHouse(server, 'phone', { authenticationMechanisms: ['password', 'email_otp'] });
  strict = await openHouse(server, 'strict', {
    authenticationMechanisms: ['password'],
    secondFactorAuthenticationMechanisms: ['totp'],
  });
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await server.stop();
});

/** A phone that nobody has used yet. Whatever it is shown fits its width, and the policy of the page stops nothing. */
async function phone(): Promise<Page> {
  const context = await chromium.newContext({ viewport: { width: 390, height: 844 } });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(5000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
  });
  page.on('load', () => {
    page
      .evaluate<number>('document.documentElement.scrollWidth')
      .then((width) => width > 390 && complaints.push(`${page.url()} is ${width} px wide`))
      // The page has gone on meanwhile.
      .catch(() => undefined);
  });
  onTestFinished(() => expect(complaints).toEqual([]));
  return page;
}

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

test('a password and the code of an app, after one that is wrong', async () => {
  const { identifier } = await strict.person('both', { totp: SECRET });
  const page = await begin(strict);
  await signIn(page, identifier);
  await typeCode(page, '000000');
  await page.waitForSelector('[role=alert]');
  await typeCode(page, totpCode(SECRET));
  await arrives(page);
});

test('who has no second factor sets one up on the way', async () => {
  const { identifier } = await strict.person('first');
  const page = await begin(strict);
  await signIn(page, identifier);
  const secret = (await page.textContent('#totp-secret')) ?? '';
  await typeCode(page, totpCode(secret.replaceAll(' ', '')));
  await page.waitForSelector('#recovery-codes');
  await page.click('#recovery-codes-kept');
  await arrives(page);
});

test('a password that must be changed is changed on the way', async () => {
  const { identifier } = await house.person('stale', { mustChange: true });
  const page = await begin(house);
  await signIn(page, identifier);
  await choosePassword(page);
  await arrives(page);
});

test('a forgotten password is replaced by the code, and the sign-in goes on', async () => {
  const { identifier } = await house.person('forgot');
  const page = await begin(house);
  await page.click('#forgot-link');
  await page.fill('#identifier', identifier);
  await page.click('#recover-submit');
  await page.waitForSelector('#code');
  await typeCode(page, (await latestMessage(server, identifier)).code ?? '');
  await choosePassword(page);
  await page.click('#done-sign-in');
  await signIn(page, identifier, next);
  await arrives(page);
});

const by = { form: 'link', by: SYSTEM_ACTOR, source: undefined } as const;

test('an invitation is accepted by its link, which opened twice is still good', async () => {
  const { userId, identifier } = await house.person('invited', { status: 'new', password: false });
  await server.elsewhere.activationMessages.send(
    { ...house.scope, userId },
    { ...by, workspaceId: house.id, postActivationUrl: undefined },
  );
  const { link = '' } = await latestMessage(server, identifier);
  const page = await phone();
  await page.goto(link);
  await page.goto(link);
  await page.click('#activate-form button');
  await choosePassword(page);
  await page.waitForSelector('#done-page');
  const again = await begin(house);
  await signIn(again, identifier, next);
  await arrives(again);
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

test('an application that is not ours is allowed what it asks for; the account is chosen the next time', async () => {
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
