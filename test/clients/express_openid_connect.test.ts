import express, { type Express } from 'express';
import { auth, requiresAuth } from 'express-openid-connect';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Browser } from '../support/browser_without_javascript.ts';
import { mara } from '../support/demo.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import {
  registerClient,
  serveApplication,
  type Registration,
  type ServedApplication,
} from '../support/stock_client.ts';

let server: TestServer;
let application: ServedApplication;
let clientId: string;

beforeAll(async () => {
  server = await startTestServer();
  const app = express();
  application = await serveApplication(app);
  const registration = await registerClient(server, {
    redirectUris: [`${application.origin}/callback`],
    postLogoutRedirectUris: [application.origin],
  });
  ({ clientId } = registration);
  useClient(app, registration);
});
afterAll(async () => {
  await application.close();
  await server.stop();
});

function useClient(app: Express, registration: Registration): void {
  app.use(
    auth({
      issuerBaseURL: registration.issuer,
      baseURL: application.origin,
      clientID: registration.clientId,
      clientSecret: registration.clientSecret,
      secret: 'seals the cookie of the application',
      authorizationParams: { response_type: 'code' },
      authRequired: false,
      idpLogout: true,
    }),
  );
  app.get('/', (req, res) => {
    res.send(req.oidc.isAuthenticated() ? 'signed in' : 'nobody');
  });
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 catches what they throw
  app.get('/profile', requiresAuth(), async (req, res) => {
    res.json({ claims: req.oidc.idTokenClaims, userinfo: await req.oidc.fetchUserInfo() });
  });
}

test('express-openid-connect signs in, reads userinfo and signs out', async () => {
  const browser = new Browser();
  await browser.open(`${application.origin}/profile`);
  const page = await browser.submit('#login-form', mara);
  expect(page.url.href).toBe(`${application.origin}/profile`);
  const { claims, userinfo } = JSON.parse(page.body) as Record<'claims' | 'userinfo', { sub?: string }>;
  expect(claims).toMatchObject({
    iss: server.issuer,
    aud: clientId,
    name: 'Mara Linde',
    email: 'mara@example.test',
  });
  expect(userinfo).toMatchObject({ sub: claims.sub, given_name: 'Mara', email_verified: true });

  const end = await browser.open(`${application.origin}/logout`);
  expect(end.url.href).toBe(`${application.origin}/`);
  expect(end.body).toBe('nobody');
  // Signed out of the server too: it asks again.
  await browser.open(`${application.origin}/login`);
  expect(browser.document.query('#login-form')).toBeDefined();
});
