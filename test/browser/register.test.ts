import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { addWorkspace, callback, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { latestMessage } from '../support/mailbox.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const workspaceId = 'arrivals';
const scope = { tenantId: 'default', poolId: `${workspaceId}-people` };

let server: TestServer;
let chromium: Browser;

beforeAll(async () => {
  chromium = await launchChromium();
  server = await startTestServer();
  await addWorkspace(server.elsewhere, workspaceId);
  const before = await server.elsewhere.pools.get(scope);
  const open = {
    publicRegistrationAllowed: true,
    authenticationMechanisms: ['password', 'email_otp'],
  } as const;
  await server.elsewhere.pools.update(scope, { ...before, ...open }, SYSTEM_ACTOR);
});
afterAll(async () => {
  await server.stop();
  await chromium.close();
});

test('on a phone, rules are ticked and strength is named while a password is typed; the code leads on', async () => {
  const app = await relyingParty(server, { workspaceId });
  const flow = await app.begin();
  const page = await (await chromium.newContext({ viewport: { width: 390, height: 844 } })).newPage();
  await page.route(`${callback}**`, (route) => route.fulfill({ body: 'at the application' }));
  await page.goto(flow.url.href);
  await page.click('#register-link');

  const identifier = 'lighthouse@example.test';
  await page.fill('#identifier', identifier);
  for (const [name, value] of [
    ['name', 'Lia Keeper'],
    ['given_name', 'Lia'],
    ['family_name', 'Keeper'],
  ]) {
    await page.fill(`#payload-${name}`, value ?? '');
  }
  await page.check('#credential-code');
  expect(await page.isVisible('#new-password')).toBe(false);
  await page.check('#credential-password');
  const state = (rule: string) => page.getAttribute(`[data-rule="${rule}"]`, 'data-state');
  await page.fill('#new-password', 'lighthouse1');
  await expect.poll(() => state('min_length')).toBe('met');
  await page.waitForSelector('#password-strength:not([hidden])');
  expect(await state('blocklist')).toBe('open');
  await page.fill('#new-password', 'quiet otter crosses river');
  await expect.poll(() => state('blocklist')).toBe('met');
  expect(await page.textContent('#password-strength .word')).toMatch(/strong/i);
  await page.fill('#new-password-repeat', 'quiet otter crosses river');
  await page.click('#register-submit');

  await page.fill('#code', (await latestMessage(server, identifier)).code ?? '');
  await page.click('#code-submit');
  await page.waitForURL(`${callback}**`);
  expect(new URL(page.url()).searchParams.get('code')).toBeTruthy();
});
