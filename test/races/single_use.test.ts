import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/db/transaction.ts';
import { SYSTEM_ACTOR } from '../../src/events/audit.ts';
import { DEMO_CLIENT_SECRET } from '../../src/installation/demo.ts';
import { DEFAULT_PASSWORD_POLICY } from '../../src/pools/password_policy.ts';
import { putPassword } from '../../src/users/factors/password_store.ts';
import type { Browser } from '../support/browser_without_javascript.ts';
import { client, RelyingParty } from '../support/relying_party.ts';
import { SoftwareAuthenticator } from '../support/software_authenticator.ts';
import { totpCode } from '../support/totp.ts';
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

  /** A token of the system API. */
  async function backendToken(): Promise<string> {
    const backend = await two.domain.clients.create(
      { tenantId: 'default', workspaceId: 'system' },
      { grantTypes: ['client_credentials'], scopes: ['identity'] },
      SYSTEM_ACTOR,
    );
    const issued = await fetch(`${two.publicUrl}/default/system/oauth2/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${backend.id}:${backend.clientSecret}`).toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'identity' }),
    });
    return ((await issued.json()) as { access_token: string }).access_token;
  }

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

  test('a one-time code of a person, in its short form: one success exactly', async () => {
    const pool = { tenantId: 'default', poolId: 'demo-users' };
    const token = await backendToken();
    for (let round = 0; round < ROUNDS / 2; round += 1) {
      const data = { status: 'active', payload: { name: 'R', given_name: 'R', family_name: 'R' } } as const;
      const { id } = await two.domain.users.create(pool, data, SYSTEM_ACTOR);
      const { code } = await two.domain.codeGeneration.generate(pool, {
        type: 'challenge',
        key: { userId: id },
        mayActFor: () => Promise.resolve(true),
        by: SYSTEM_ACTOR,
      });
      const answers = await fifty((port) => ({
        host: two.host,
        port,
        method: 'POST',
        path: '/api/identity/default/system/pools/demo-users/user/otp/verify',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ code, userID: id }),
      }));
      expect(successes(answers)).toHaveLength(1);
      const lost = answers.filter(({ status }) => status === 401 || status === 429);
      expect(lost).toHaveLength(REQUESTS - 1);
    }
  });

  test('an old password: one change by it at most, and the history knows of one', async () => {
    const pool = { tenantId: 'default', poolId: 'remembering' };
    await two.domain.pools.create(
      { tenantId: 'default' },
      {
        id: pool.poolId,
        name: 'Remembering',
        passwordPolicy: { ...DEFAULT_PASSWORD_POLICY, notUsedSince: 3 },
      },
      SYSTEM_ACTOR,
    );
    const data = { status: 'active', payload: { name: 'R', given_name: 'R', family_name: 'R' } } as const;
    const { id } = await two.domain.users.create(pool, data, SYSTEM_ACTOR);
    // Of the password "password", and quick to check: what takes time is only what is raced.
    const hash = '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8';
    const stored = { hash, state: 'valid', expiresAfterSeconds: 0, historyLength: 0 } as const;
    await inTransaction(two.database.db, (tx) => putPassword(tx, { ...pool, userId: id }, stored));
    const token = await backendToken();
    const answers = await fifty((port, index) => ({
      host: two.host,
      port,
      method: 'POST',
      path: `/api/identity/default/system/pools/remembering/users/${id}/change-password`,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        old_password: 'password',
        new_password: `seven boats drift north ${index} times`,
      }),
    }));
    const won = answers.flatMap(({ status }, index) => (status === 204 ? [index] : []));
    expect(won).toHaveLength(1);
    // Changed meanwhile, wrong by now, more tries than a person has, or more than the machine can check.
    expect(answers.filter(({ status }) => ![204, 401, 412, 429, 503].includes(status))).toEqual([]);
    const question = {
      key: { userId: id },
      password: `seven boats drift north ${won[0]} times`,
      source: undefined,
    };
    const { result } = await two.domain.passwords.judge(pool, question, SYSTEM_ACTOR);
    expect(result).toBe('password_correct');
    expect(await two.database.db.knex('password_history').where({ user_id: id })).toHaveLength(1);
  });

  const people = { tenantId: 'default', poolId: 'demo-users' };
  /** The same post of a backend about one person of the demo's pool. */
  const fiftyFor = async (userId: string, path: string, body: object): Promise<number[]> => {
    const token = await backendToken();
    const answers = await fifty((port) => ({
      host: two.host,
      port,
      method: 'POST',
      path: `/api/identity/default/system/pools/demo-users/users/${userId}/${path}`,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }));
    return answers.map(({ status }) => status).sort((a, b) => a - b);
  };

  test('a code of an authenticator app', async () => {
    const { id: userId } = await two.domain.users.create(people, { status: 'new' }, SYSTEM_ACTOR);
    const [secret, next] = ['BLEXAM6OPBBZTCFUOPVHDQ2HVG7PTMK3', 'KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU'] as const;
    await two.domain.totp.set({ ...people, userId }, secret, { by: SYSTEM_ACTOR });
    const change = { totp: totpCode(secret), new_totp_secret: next };
    const [won, ...lost] = await fiftyFor(userId, 'totp/change', change);
    expect(won).toBe(204);
    // Wrong by then, or not looked at: five wrong ones in a row block.
    expect(lost.filter((status) => status !== 401 && status !== 429)).toEqual([]);
  });

  test('the answer of an authenticator', async () => {
    const { id: userId } = await two.domain.users.create(people, { status: 'new' }, SYSTEM_ACTOR);
    const scope = { ...people, userId };
    const { challenge, rp, user } = await two.domain.passkeys.beginCreation(scope);
    const device = new SoftwareAuthenticator({ origin: two.publicUrl });
    const answer = device.create({ challenge, rp, user });
    const [won, ...lost] = await fiftyFor(userId, 'webauthn/create/complete', answer);
    expect(won).toBe(200);
    expect(lost.filter((status) => status !== 422)).toEqual([]);
    expect(await two.domain.passkeys.list(scope)).toHaveLength(1);
  });
});

function cookieHeader(browser: Browser, url: string): string {
  return browser.cookies.header({ url: new URL(url) }) ?? '';
}
