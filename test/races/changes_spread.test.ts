import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addPerson, callback, mara, secret, SYSTEM_ACTOR } from '../support/demo.ts';
import { RelyingParty } from '../support/relying_party.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two_processes.ts';
import { volley } from '../support/volley.ts';

const tenant = { tenantId: 'default' };
const workspace = { ...tenant, workspaceId: 'demo' };

/** Design 4.15, with two operating-system processes: a change made by a third shows in both within 2 s. */
describe('a change of configuration', () => {
  let two: TwoProcesses;
  beforeAll(async () => {
    two = await startTwoProcesses();
    await two.domain.clients.create(
      workspace,
      { id: 'app', clientName: 'App', clientSecret: secret, trusted: true, redirectUris: [callback] },
      SYSTEM_ACTOR,
    );
  });
  afterAll(() => two.stop());

  const authorize = (clientId: string) =>
    `/default/demo/oauth2/authorize?${new URLSearchParams({ client_id: clientId, redirect_uri: callback, response_type: 'code', scope: 'openid', code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' }).toString()}`;

  /** What each process answers to the same request. */
  const both = async (path: string) => {
    const answers = await volley(
      two.ports.map((port) => ({ port, host: two.host, method: 'GET' as const, path })),
    );
    return answers.map(({ status }) => status);
  };
  const within2s = (path: string, expected: number[]) =>
    expect.poll(() => both(path), { timeout: 2_000, interval: 50 }).toEqual(expected);

  test('a new workspace is served, a deleted one is not', async () => {
    const path = '/default/fresh/.well-known/openid-configuration';
    expect(await both(path)).toEqual([404, 404]);
    await two.domain.workspaces.create(tenant, { id: 'fresh', name: 'Fresh' }, SYSTEM_ACTOR);
    await within2s(path, [200, 200]);
    await two.domain.workspaces.remove({ ...tenant, workspaceId: 'fresh' }, SYSTEM_ACTOR);
    await within2s(path, [404, 404]);
  });

  test('a new client is known, a deleted one is not', async () => {
    expect(await both(authorize('late'))).toEqual([400, 400]);
    await two.domain.clients.create(
      workspace,
      { id: 'late', clientName: 'Late', clientSecret: secret, trusted: true, redirectUris: [callback] },
      SYSTEM_ACTOR,
    );
    await within2s(authorize('late'), [303, 303]);
    await two.domain.clients.remove({ ...tenant, clientId: 'late' }, SYSTEM_ACTOR);
    await within2s(authorize('late'), [400, 400]);
  });

  test('a rotated key signs, a revoked one is gone from the JWKS', async () => {
    const keysOf = async () => {
      const answers = await volley(
        two.ports.map((port) => ({
          port,
          host: two.host,
          method: 'GET' as const,
          path: '/default/demo/.well-known/jwks.json',
        })),
      );
      return answers.map(({ body }) =>
        (JSON.parse(body) as { keys: { kid: string; alg: string }[] }).keys
          .filter(({ alg }) => alg === 'ES256')
          .map(({ kid }) => kid),
      );
    };
    const everywhere = (expected: string[]) =>
      expect.poll(keysOf, { timeout: 2_000, interval: 50 }).toEqual([expected, expected]);
    const [[first = ''] = []] = await keysOf();
    await two.domain.keys.publishNext(workspace, 'ES256');
    await two.database.db
      .knex('signing_keys')
      .where({ status: 'next' })
      .update({ created_at: new Date(0) });
    const { kid } = await two.domain.keys.rotate(workspace, 'ES256', SYSTEM_ACTOR);
    const { keys } = await two.domain.keys.list(workspace, 'ES256');
    const next = keys.find(({ status }) => status === 'next')?.kid ?? '';
    // The one that signs comes first.
    await everywhere([kid, next, first]);
    await two.domain.keys.revoke(workspace, first, SYSTEM_ACTOR);
    await everywhere([kid, next]);
  });

  test('a disabled connection, a changed lifetime and a removed method are seen by both', async () => {
    const documents = () =>
      Promise.all(
        two.ports.map(async (port) => {
          const [answer] = await volley([
            { port, host: two.host, method: 'GET' as const, path: authorize('app') },
          ]);
          const headers = answer?.headers ?? '';
          const page = new URL(/^location: (.*)$/im.exec(headers)?.[1]?.trim() ?? '', `http://${two.host}`);
          const cookies = [...headers.matchAll(/^set-cookie: ([^;]*)/gim)].map(([, cookie]) => cookie);
          const shown = await volley([
            {
              port,
              host: two.host,
              method: 'GET' as const,
              path: page.pathname,
              headers: { cookie: cookies.join('; ') },
            },
          ]);
          return shown[0]?.body.includes('type="password"') ?? false;
        }),
      );
    const asks = (expected: boolean) =>
      expect.poll(documents, { timeout: 2_000, interval: 50 }).toEqual([expected, expected]);
    const [connection] = await two.domain.connections.listByWorkspace(workspace);
    if (!connection) throw new Error('the demo has a connection');
    const scope = { ...workspace, connectionId: connection.id };
    const settings = { ...connection, poolId: connection.poolId };
    await asks(true);
    await two.domain.connections.update(scope, { ...settings, disabled: true }, SYSTEM_ACTOR);
    await asks(false);
    await two.domain.connections.update(scope, settings, SYSTEM_ACTOR);
    await asks(true);

    const pool = await two.domain.pools.get({ ...tenant, poolId: connection.poolId });
    await two.domain.pools.update(
      { ...tenant, poolId: pool.id },
      { ...pool, authenticationMechanisms: ['password', 'totp'] },
      SYSTEM_ACTOR,
    );
    const before = await two.domain.workspaces.get(workspace);
    await two.domain.workspaces.update(
      workspace,
      { ...before, authenticationMechanisms: ['totp'] },
      SYSTEM_ACTOR,
    );
    await asks(false);
    await two.domain.workspaces.update(workspace, before, SYSTEM_ACTOR);
    await asks(true);

    await two.domain.clients.create(
      workspace,
      { id: 'robot', clientSecret: secret, grantTypes: ['client_credentials'] },
      SYSTEM_ACTOR,
    );
    const lifetimes = async () => {
      const answers = await volley(
        two.ports.map((port) => ({
          port,
          host: two.host,
          method: 'POST' as const,
          path: '/default/demo/oauth2/token',
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            authorization: `Basic ${Buffer.from(`robot:${secret}`).toString('base64')}`,
          },
          body: 'grant_type=client_credentials',
        })),
      );
      return answers.map(({ body }) => (JSON.parse(body) as { expires_in?: number }).expires_in);
    };
    const lasts = (seconds: number) =>
      expect.poll(lifetimes, { timeout: 2_000, interval: 50 }).toEqual([seconds, seconds]);
    await lasts(3600);
    await two.domain.workspaces.update(workspace, { ...before, accessTokenTtlSeconds: 600 }, SYSTEM_ACTOR);
    await lasts(600);
    await two.domain.workspaces.update(workspace, before, SYSTEM_ACTOR);
  });

  test('the languages of a tenant are offered by both', async () => {
    const languages = async () => {
      const path = '/default/identity/demo-users/reset-password?server_id=demo';
      const headers = { 'accept-language': 'ar' };
      const answers = await volley(
        two.ports.map((port) => ({ port, host: two.host, method: 'GET' as const, path, headers })),
      );
      return answers.map(({ body }) => /<html lang="(\w+)"/.exec(body)?.[1]);
    };
    const spoken = (language: string) =>
      expect.poll(languages, { timeout: 2_000, interval: 50 }).toEqual([language, language]);
    await spoken('ar');
    const before = await two.domain.tenants.get(tenant);
    const translations = { disabled_translations: ['ar'], default_locale: 'de' };
    await two.domain.tenants.update(tenant, { ...before, settings: { translations } }, SYSTEM_ACTOR);
    await spoken('de');
    await two.domain.tenants.update(tenant, before, SYSTEM_ACTOR);
    await spoken('ar');
  });

  test('reaches a process whose notifications are lost', async () => {
    // Whoever listens is cut off: what follows is found by the check that runs every second.
    await two.database.db.knex.raw(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
    );
    await two.domain.clients.remove({ ...tenant, clientId: 'app' }, SYSTEM_ACTOR);
    await within2s(authorize('app'), [400, 400]);
  });

  test('a person who is deactivated is out at once, in both', async () => {
    const person = { ...mara, identifier: 'leaver@example.test' };
    const userId = await addPerson(two.domain, 'demo-users', person);
    const app = await RelyingParty.discover({
      issuer: two.issuer,
      clientId: 'demo-app',
      clientSecret: secret,
      redirectUri: (await two.domain.clients.get({ ...tenant, clientId: 'demo-app' })).redirectUris[0] ?? '',
    });
    const { tokens } = await app.signIn(person);
    const userinfo = async () => {
      const answers = await volley(
        two.ports.map((port) => ({
          port,
          host: two.host,
          method: 'GET' as const,
          path: '/default/demo/userinfo',
          headers: { authorization: `Bearer ${tokens.access_token}` },
        })),
      );
      return answers.map(({ status }) => status);
    };
    expect(await userinfo()).toEqual([200, 200]);
    await two.domain.users.update(
      { ...tenant, poolId: 'demo-users', userId },
      { status: 'inactive' },
      SYSTEM_ACTOR,
    );
    expect(await userinfo()).toEqual([401, 401]);
  });

  test("the library's own notices and warnings never reach our output", () => {
    for (const child of two.children) {
      expect(`${child.lines.join('\n')}${child.errors()}`).not.toContain('oidc-provider');
    }
  });
});
