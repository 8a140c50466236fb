import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addAuthenticator, type Authenticator } from '../support/authenticator_in_chromium.ts';
import { launchChromium } from '../support/chromium.ts';
import { relyingParty } from '../support/demo.ts';
import { client, type RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type House, openHouse, PASSWORD } from '../support/sign_in.ts';
import { type ServedApplication, serveApplication } from '../support/stock_client.ts';

let server: TestServer;
let house: House;
// Somebody answers at the redirect URI: Chromium's own error page would come between two sign-ins.
let application: ServedApplication;
let app: RelyingParty;
let chromium: Browser;

beforeAll(async () => {
  chromium = await launchChromium();
  server = await startTestServer();
  house = await openHouse(server, 'keys', {
    authenticationMechanisms: ['password', 'webauthn'],
    secondFactorAuthenticationMechanisms: ['webauthn'],
  });
  application = await serveApplication((_, res) => res.end('signed in'));
  app = await relyingParty(server, {
    workspaceId: 'keys',
    redirectUris: [`${application.origin}/callback`],
  });
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await server.stop();
});

const setPresent = ({ cdp, authenticatorId }: Authenticator, enabled: boolean) =>
  cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });

/** Begins a sign-in in Chromium; gives what finishes it where the browser ends up. */
async function begin(page: Page) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = client.buildAuthorizationUrl(app.config, {
    redirect_uri: `${application.origin}/callback`,
    scope: 'openid',
    prompt: 'login',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  });
  await page.goto(url.href, { waitUntil: 'commit' });
  return async () => {
    await page.waitForURL(
      (url) => url.origin === application.origin && url.searchParams.get('state') === state,
    );
    const tokens = await client.authorizationCodeGrant(app.config, new URL(page.url()), {
      pkceCodeVerifier: verifier,
      expectedState: state,
    });
    return tokens.claims();
  };
}

test(
  'in Chromium: a passkey is made on the way in, comes up by itself the next time, and is a second factor',
  { timeout: 120_000 },
  async () => {
    const { identifier, userId } = await house.person('mara');
    const context = await chromium.newContext();
    const page = await context.newPage();
    const refused: string[] = [];
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) refused.push(message.text());
    });
    const authenticator = await addAuthenticator(page);

    // Nobody has a passkey yet: the password, then the key that the pool asks for.
    const made = await begin(page);
    await page.fill('#identifier', identifier);
    await page.fill('#password', PASSWORD);
    await page.click('#login-submit');
    await page.click('#passkey-submit');
    await page.click('#recovery-codes-kept');
    expect(await made()).toMatchObject({ sub: userId, amr: ['pwd', 'pop', 'user', 'mfa'] });

    // Among the suggestions of the name field; the one there is is taken.
    const suggested = await begin(page);
    expect(await suggested()).toMatchObject({ sub: userId, amr: ['pop', 'user', 'mfa'], acr: '2fa' });

    // By the button, after a password.
    await setPresent(authenticator, false);
    const asked = await begin(page);
    await page.fill('#identifier', identifier);
    await page.fill('#password', PASSWORD);
    await page.click('#login-submit');
    await setPresent(authenticator, true);
    await page.click('#passkey-submit');
    expect(await asked()).toMatchObject({ sub: userId, amr: ['pwd', 'pop', 'user', 'mfa'] });

    // A key that the server does not know: said so, and the page goes on working.
    await authenticator.cdp.send('WebAuthn.clearCredentials', {
      authenticatorId: authenticator.authenticatorId,
    });
    await begin(page);
    await page.click('#use-webauthn');
    await expect.poll(() => page.textContent('[data-failed]')).toContain('The passkey was not used');
    expect(refused).toEqual([]);
    await context.close();
  },
);

test(
  'in Chromium: after a password a passkey is offered, and made on the spot',
  { timeout: 60_000 },
  async () => {
    await house.change({ secondFactorAuthenticationMechanisms: [] });
    const { identifier, userId } = await house.person('offered');
    const context = await chromium.newContext();
    const page = await context.newPage();
    await addAuthenticator(page);
    const made = await begin(page);
    await page.fill('#identifier', identifier);
    await page.fill('#password', PASSWORD);
    await page.click('#login-submit');
    await page.waitForSelector('body[data-page=passkey_offer]');
    await page.click('#passkey-submit');
    expect(await made()).toMatchObject({ sub: userId, amr: ['pwd'] });
    expect(await server.elsewhere.passkeys.list({ ...house.scope, userId })).toHaveLength(1);
    await context.close();
  },
);
