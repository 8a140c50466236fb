import express, { type Express } from 'express';
import session from 'express-session';
import passport from 'passport';
import OpenIDConnectStrategy from 'passport-openidconnect';
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

beforeAll(async () => {
  server = await startTestServer();
  const app = express();
  application = await serveApplication(app);
  // It cannot do PKCE.
  const registration = await registerClient(server, {
    redirectUris: [`${application.origin}/callback`, `${application.origin}/callback/profile`],
    enforcePkce: false,
  });
  useClient(app, registration);
});
afterAll(async () => {
  await application.close();
  await server.stop();
});

function remember(issuer: string, profile: object, done: (error: unknown, user?: unknown) => void): void {
  done(null, { issuer, ...profile });
}

function useClient(app: Express, { issuer, clientId, clientSecret }: Registration): void {
  const settings = {
    issuer,
    // It knows no discovery.
    authorizationURL: `${issuer}/oauth2/authorize`,
    tokenURL: `${issuer}/oauth2/token`,
    clientID: clientId,
    clientSecret,
    callbackURL: `${application.origin}/callback`,
  };
  passport.use('defaults', new OpenIDConnectStrategy(settings, remember));
  const callbackURL = `${settings.callbackURL}/profile`;
  const more = { ...settings, callbackURL, scope: 'profile email', nonce: true };
  passport.use('profile', new OpenIDConnectStrategy(more, remember));
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user, done) => done(null, user));

  app.use(
    session({ secret: 'signs the cookie of the application', resave: false, saveUninitialized: false }),
  );
  app.use(passport.session());
  app.get('/login', passport.authenticate('defaults'));
  app.get('/login/profile', passport.authenticate('profile'));
  app.get('/callback', passport.authenticate('defaults', { successRedirect: '/' }));
  app.get('/callback/profile', passport.authenticate('profile', { successRedirect: '/' }));
  app.get('/', (req, res) => {
    res.json((req as { user?: unknown }).user ?? null);
  });
}

test('passport-openidconnect signs in and knows the person by id', async () => {
  const browser = new Browser();
  await browser.open(`${application.origin}/login`);
  const page = await browser.submit('#login-form', mara);
  expect(page.url.href).toBe(`${application.origin}/`);
  expect(JSON.parse(page.body)).toEqual({ issuer: server.issuer, id: expect.any(String) });
});

test('passport-openidconnect reads name and e-mail from the ID token when it asks for them', async () => {
  const browser = new Browser();
  await browser.open(`${application.origin}/login/profile`);
  const page = await browser.submit('#login-form', mara);
  expect(JSON.parse(page.body)).toMatchObject({
    displayName: 'Mara Linde',
    name: { givenName: 'Mara', familyName: 'Linde' },
    emails: [{ value: 'mara@example.test' }],
  });
});
