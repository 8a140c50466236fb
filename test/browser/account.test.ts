import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { addWorkspace, SYSTEM_ACTOR } from '../support/demo.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const workspaceId = 'keepers';
const poolId = `${workspaceId}-people`;
const scope = { tenantId: 'default', poolId };
const person = { identifier: 'keeper@example.test', password: 'quiet otter crosses river' };

let server: TestServer;
let chromium: Browser;

beforeAll(async () => {
  chromium = await launchChromium();
  server = await startTestServer();
  await addWorkspace(server.elsewhere, workspaceId, person);
  const before = await server.elsewhere.pools.get(scope);
  const authenticationMechanisms = ['password', 'webauthn'] as const;
  await server.elsewhere.pools.update(scope, { ...before, authenticationMechanisms }, SYSTEM_ACTOR);
});
afterAll(async () => {
  await server.stop();
  await chromium.close();
});

test(
  'in Chromium a passkey is added, named and removed, and the last one stays',
  { timeout: 120_000 },
  async () => {
    const page = await (await chromium.newContext({ locale: 'en-GB' })).newPage();
    const problems: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    const options = {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    } as const;
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options });
    const account = `${server.publicUrl}/default/${workspaceId}/account`;

    await page.goto(`${account}/passkeys`);
    await page.fill('#identifier', person.identifier);
    await page.fill('#password', person.password);
    await page.click('#login-submit');
    await page.waitForURL(`${account}/passkeys`);
    await page.click('#passkey-submit');
    await page.waitForSelector('#passkey-0');
    expect(await page.textContent('#account-notice')).toContain('Passkey added');
    await page.click('#passkey-0 summary');
    await page.fill('#name-0', 'The <b>lighthouse</b>');
    await page.click('#rename-0');
    await page.waitForSelector('#account-notice');
    expect(await page.textContent('#passkey-0 .name')).toBe('The <b>lighthouse</b>');

    // The last one stays: there is no button, and the form is refused too.
    expect(await page.locator('#remove-0').count()).toBe(0);
    const [key] = await server.elsewhere.passkeys.list({ ...scope, userId: await userId() });
    const csrf = await page.inputValue('input[name=csrf] >> nth=0');
    const answer = await page.request.post(`${account}/passkeys`, {
      form: { csrf, passkey: key?.id ?? '', do: 'remove' },
    });
    expect(answer.status()).toBe(200);
    expect(await answer.text()).toContain('role="alert"');

    // The same authenticator is not asked for a second key.
    await page.click('#passkey-submit');
    await page.waitForSelector('#passkey-form .err:not(:empty)');
    await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    await cdp.send('WebAuthn.addVirtualAuthenticator', { options });
    await page.click('#passkey-submit');
    await page.waitForSelector('#passkey-1');
    await page.click('#remove-0');
    await page.waitForSelector('#passkey-1', { state: 'detached' });
    expect(await server.elsewhere.passkeys.list({ ...scope, userId: await userId() })).toHaveLength(1);
    await page.goto(account);
    expect(await page.textContent('#row-passkeys dd')).toContain('Passkey without a name');
    expect(problems).toEqual([]);
  },
);

const userId = async (): Promise<string> =>
  (await server.db.knex('users').where({ pool_id: poolId }).first<{ user_id: string }>('user_id')).user_id;
