import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SYSTEM_ACTOR } from '../../src/events/audit.ts';
import { DEMO_CLIENT_SECRET } from '../../src/installation/demo.ts';
import type { Browser } from '../support/browser_without_javascript.ts';
import { client, RelyingParty } from '../support/relying_party.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two_processes.ts';
import { formPost, volley, type VolleyAnswer, type VolleyRequest } from '../support/volley.ts';

const ROUNDS = 20;
const REQUESTS = 50;
const person = { identifier: 'mara@example.test', password: 'quiet otter crosses river' };
const redirectUri = 'https://app.example.test/callback';

/** Two operating-system processes on one database, a start barrier, 50 requests on 50 connections, 20 rounds. */
describe('what may be used once, used by fifty at once', () => {
  let two: TwoProcesses;
  const assertionKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  beforeAll(async () => {
    two = await startTwoProcesses();
    const scope = { tenantId: 'default', workspaceId: 'demo' };
    const common = {
      redirectUris: [redirectUri],
      grantTypes: ['authorization_code', 'refresh_token'] as const,
    };
    await two.domain.clients.create(
      scope,
      { id: 'racer', clientName: 'Racer', clientSecret: DEMO_CLIENT_SECRET, trusted: true, ...common },
      SYSTEM_ACTOR,
    );
    await two.domain.clients.create(
      scope,
      { id: 'racer-spa', clientName: 'Racer SPA', tokenEndpointAuthMethod: 'none', trusted: true, ...common },
      SYSTEM_ACTOR,
    );
    await two.domain.clients.create(
      scope,
      {
        id: 'asserter',
        clientName: 'Asserter',
        tokenEndpointAuthMethod: 'private_key_jwt',
        grantTypes: ['client_credentials'],
        settings: { jwks: { keys: [assertionKey.publicKey.export({ format: 'jwk' })] } },
      },
      SYSTEM_ACTOR,
    );
  });
  afterAll(() => two.stop());

  const at = (path: string) => ({ host: two.host, path: `/default/demo${path}` });
  const basic = { authorization: `Basic ${Buffer.from(`racer:${DEMO_CLIENT_SECRET}`).toString('base64')}` };

  /** The same request, half of them to each process. */
  const fifty = (make: (port: number, index: number) => VolleyRequest): Promise<VolleyAnswer[]> =>
    volley(Array.from({ length: REQUESTS }, (_, index) => make(two.ports[index % 2] as number, index)));

  const successes = (answers: VolleyAnswer[]) => answers.filter(({ status }) => status === 200);
  const party = (clientId: string, clientSecret?: string) =>
    RelyingParty.discover({
      issuer: two.issuer,
      clientId,
      ...(clientSecret === undefined ? {} : { clientSecret }),
      redirectUri,
    });

  async function userinfo(token: string): Promise<number> {
    const response = await fetch(`${two.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } });
    return response.status;
  }

  test('an authorization code: one success at most, and afterwards nothing of that grant works', async () => {
    const app = await party('racer', DEMO_CLIENT_SECRET);
    for (let round = 0; round < ROUNDS; round += 1) {
      const flow = await app.begin();
      const end = flow.page.stoppedAt ?? (await app.browser.submit('#login-form', person)).stoppedAt;
      const code = end?.searchParams.get('code') ?? '';
      const answers = await fifty((port) =>
        formPost(
          { port, ...at('/oauth2/token') },
          { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: flow.verifier },
          basic,
        ),
      );
      const won = successes(answers);
      expect(won.length).toBeLessThanOrEqual(1);
      for (const { status, body } of answers) {
        if (status !== 200) expect(JSON.parse(body)).toMatchObject({ error: 'invalid_grant' });
      }
      for (const { body } of won) {
        const tokens = JSON.parse(body) as { access_token: string; refresh_token: string };
        expect(await userinfo(tokens.access_token)).toBe(401);
        const [refreshed] = await volley([
          formPost(
            { port: two.ports[1], ...at('/oauth2/token') },
            { grant_type: 'refresh_token', refresh_token: tokens.refresh_token },
            basic,
          ),
        ]);
        expect(refreshed?.status).toBe(400);
      }
      // The grant is dead: the next round needs a browser without it.
      app.browser.cookies.clear();
    }
  });

  test('a rotating refresh token without leeway: the same', async () => {
    await two.domain.workspaces.update(
      { tenantId: 'default', workspaceId: 'demo' },
      { name: 'Demo', refreshTokenLeewaySeconds: 0 },
      SYSTEM_ACTOR,
    );
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const app = await party('racer-spa');
    for (let round = 0; round < ROUNDS; round += 1) {
      const { tokens } = await app.signIn(person);
      const answers = await fifty((port) =>
        formPost(
          { port, ...at('/oauth2/token') },
          { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '', client_id: 'racer-spa' },
        ),
      );
      const won = successes(answers);
      expect(won.length).toBeLessThanOrEqual(1);
      expect(await userinfo(tokens.access_token)).toBe(401);
      for (const { body } of won) {
        const next = JSON.parse(body) as { access_token: string; refresh_token: string };
        expect(await userinfo(next.access_token)).toBe(401);
        const [again] = await volley([
          formPost(
            { port: two.ports[0], ...at('/oauth2/token') },
            { grant_type: 'refresh_token', refresh_token: next.refresh_token, client_id: 'racer-spa' },
          ),
        ]);
        expect(again?.status).toBe(400);
      }
      app.browser.cookies.clear();
    }
  });

  test('a pushed authorization request: one code at most', async () => {
    const app = await party('racer', DEMO_CLIENT_SECRET);
    await app.signIn(person);
    const cookie = cookieHeader(app.browser, `${two.issuer}/oauth2/authorize`);
    for (let round = 0; round < ROUNDS; round += 1) {
      const verifier = client.randomPKCECodeVerifier();
      const pushed = await client.buildAuthorizationUrlWithPAR(app.config, {
        redirect_uri: redirectUri,
        scope: 'openid',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      });
      const answers = await fifty((port) => ({
        port,
        ...at(`/oauth2/authorize${pushed.search}`),
        method: 'GET',
        headers: { cookie },
      }));
      const codes = answers.filter(({ headers }) => /^location: .*[?&]code=/im.test(headers));
      expect(codes).toHaveLength(1);
    }
  });

  test('a client assertion: one success exactly', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const assertion = await new SignJWT({})
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer('asserter')
        .setSubject('asserter')
        .setAudience(two.issuer)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(assertionKey.privateKey);
      const answers = await fifty((port) =>
        formPost(
          { port, ...at('/oauth2/token') },
          {
            grant_type: 'client_credentials',
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
            client_assertion: assertion,
          },
        ),
      );
      expect(successes(answers)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(REQUESTS - 1);
    }
  });
});

function cookieHeader(browser: Browser, url: string): string {
  return browser.cookies.header({ url: new URL(url) }) ?? '';
}
