import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { apiRoutes } from '../../src/api/index.ts';
import type { ApiClient } from '../support/api_server.ts';
import { SYSTEM_ACTOR } from '../support/domain.ts';
import { answerOf } from '../support/api_server.ts';
import { ALL_SCOPES, CALLBACK, PASSWORD, startSelfServer, type SelfServer } from '../support/self_api.ts';

let server: SelfServer;
let base: string;
let codes: ApiClient;
beforeAll(async () => {
  server = await startSelfServer();
  ({ base } = server);
  codes = await server.system('acme', 'identity_self_registration');
});
afterAll(() => server.stop());
afterEach(() => vi.useRealTimers());

const NEW = 'violet tractor sings at noon';
const USERS = '/api/identity/acme/system/pools/customers/users';
const scopeOf = (userId: string) => ({ tenantId: 'acme', poolId: 'customers', userId });

describe('one’s own password', () => {
  it.each(['/self/change-password', '/v2/self/change-password'])('changes at %s', async (path) => {
    const name = `Chris-${path.length}`;
    const { identifier, id } = await server.addPerson(name);
    const here = await server.signIn(identifier);
    const there = await server.signIn(identifier);
    const me = `${base}/v2/self/me`;
    const change = (old_password: string, new_password: string, headers = {}) =>
      here.post(base + path, { old_password, new_password }, headers);
    expect((await change('not this one', NEW)).status).toBe(401);
    expect((await change(PASSWORD, 'short')).status).toBe(422);
    expect((await change(PASSWORD, NEW, { 'If-Match': '"77"' })).status).toBe(412);
    const { etag } = await here.get(me);
    const changed = await change(PASSWORD, NEW, { 'If-Match': etag });
    expect(changed.status).toBe(204);
    // What it was done with goes on; every other sign-in is over.
    expect(await here.get(me)).toMatchObject({ status: 200, etag: changed.etag });
    expect((await there.get(me)).status).toBe(401);
    expect(await server.db.knex('outbox').where({ user_id: id }).pluck('template')).toEqual([
      'password_changed',
    ]);
    expect(JSON.stringify(await server.db.knex('audit_events'))).not.toContain(NEW);
  });

  it('is guessed five times at most', async () => {
    const { identifier } = await server.addPerson('Gita');
    const gita = await server.signIn(identifier);
    const path = `${base}/v2/self/change-password`;
    const seen: number[] = [];
    for (let tries = 0; tries < 6; tries += 1) {
      const wrong = { old_password: `wrong ${tries}`, new_password: NEW };
      seen.push((await gita.post(path, wrong)).status);
    }
    expect(seen).toEqual([401, 401, 401, 401, 401, 429]);
    expect((await gita.post(path, { old_password: PASSWORD, new_password: NEW })).status).toBe(429);
  });

  it('is set once, after a recent sign-in', async () => {
    const { id, identifier } = await server.addPerson('Sven');
    const sven = await server.signIn(identifier);
    const path = `${base}/v2/self/set-password`;
    expect(await sven.post(path, { new_password: NEW })).toMatchObject({
      status: 422,
      body: { error_code: 'password_already_set' },
    });
    await server.db.knex('credentials').where({ user_id: id, type: 'password' }).del();
    expect((await sven.post(path, { new_password: 'short' })).status).toBe(422);
    const none = { old_password: PASSWORD, new_password: NEW };
    expect((await sven.post(`${base}/v2/self/change-password`, none)).status).toBe(422);
    expect((await sven.post(path, { new_password: NEW })).status).toBe(204);
    const view = await server.addPerson('Viv');
    const viewer = await server.signIn(view.identifier, 'openid view_ss_profile');
    expect((await viewer.post(path, { new_password: NEW })).status).toBe(403);
  });
});

describe('without a token', () => {
  const post = async (path: string, body: object) =>
    answerOf(
      await fetch(server.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    );
  const confirm = (body: object, at = base) =>
    post(`${at}/public/pools/customers/reset-password/confirm`, body);
  const verify = (body: object, at = base) => post(`${at}/self/address-verification/complete`, body);
  const generate = async (id: string, body: object) => {
    const { status, body: made } = await codes.post(`${USERS}/${id}/code/generate`, body);
    expect(status).toBe(201);
    return made as { code: string; extended_code: string };
  };

  it('codes are good for nothing until the tenant says so', async () => {
    const { id, identifier } = await server.addPerson('Off');
    const code = await generate(id, { type: 'reset_password' });
    const reset = { code: code.code, identifier, new_password: NEW };
    expect(await confirm(reset)).toMatchObject({ status: 403, body: { error_code: 'not_enabled' } });
    expect((await verify({ address: identifier, code: code.extended_code })).status).toBe(404);
    expect((await confirm(reset, '/nowhere/shop/identity')).status).toBe(403);
    const refused = await server
      .api('default')
      .put('/api/system/tenants/acme', { settings: { security: { codes_without_token: 'yes' } } });
    expect(refused).toMatchObject({
      status: 422,
      body: { details: [{ pointer: '/settings/security/codes_without_token' }] },
    });
    const on = { settings: { security: { codes_without_token: true } } };
    expect((await server.api('default').put('/api/system/tenants/acme', on)).status).toBe(200);
    expect((await confirm(reset)).status).toBe(204);
    expect((await confirm(reset)).status).toBe(401);
  });

  it('a reset needs the right code, a connected pool and one that allows it', async () => {
    const { id, identifier } = await server.addPerson('Reset');
    const session = await server.signIn(identifier);
    const { code, extended_code: link } = await generate(id, { type: 'reset_password' });
    const answers = [
      await confirm({ code: '000000', identifier, new_password: NEW }),
      await confirm({ code, identifier: 'nobody@example.test', new_password: NEW }),
      await confirm({ code, new_password: NEW }),
      await confirm({ code, identifier, new_password: NEW }, '/acme/admin/identity'),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 401, body: { error: answers[0]?.body.error as string } });
    }
    expect((await confirm({ code: link, new_password: 'short' })).status).toBe(422);
    expect((await confirm({ code: link, new_password: NEW })).status).toBe(204);
    expect((await session.get(`${base}/self/me`)).status).toBe(401);

    const again = await generate(id, { type: 'reset_password' });
    const pool = { tenantId: 'acme', poolId: 'customers' };
    const current = await server.domain.pools.get(pool);
    const closed = { doNotAllowUsersToSelfResetCredentials: true };
    await server.domain.pools.update(pool, { ...current, resetCredentialsSettings: closed }, SYSTEM_ACTOR);
    expect((await confirm({ code: again.extended_code, new_password: PASSWORD })).status).toBe(403);
  });

  it('an address is proven by the long form of its code', async () => {
    const { id } = await server.addPerson('Addy', {
      addresses: [{ type: 'email', address: 'addy@example.org', verified: false }],
    });
    const made = await generate(id, { type: 'verify_address', address: 'addy@example.org' });
    const body = { address: 'addy@example.org', code: made.extended_code };
    expect((await verify({ ...body, code: made.code })).status).toBe(401);
    expect((await verify({ ...body, address: 'other@example.org' })).status).toBe(401);
    expect((await verify(body, '/acme/admin/identity')).status).toBe(401);
    expect((await verify(body)).status).toBe(204);
    expect((await verify(body)).status).toBe(401);
    const { addresses } = await server.domain.users.get(scopeOf(id));
    expect(addresses).toMatchObject([{ address: 'addy@example.org', verified: true }]);
  });
});

it('asks people what an application may do with their profile', async () => {
  const scope = { tenantId: 'acme', workspaceId: 'shop' };
  const scopes = ALL_SCOPES.split(' ');
  await server.domain.clients.create(
    scope,
    { id: 'others-app', clientName: 'Others', redirectUris: [CALLBACK], scopes, enforcePkce: false },
    SYSTEM_ACTOR,
  );
  const { identifier } = await server.addPerson('Asked');
  const page = await server.consentPage('others-app', identifier);
  expect(page).toContain('See your profile, sign-in names and sign-in methods');
  expect(page).toContain('Change your profile, password and sign-in methods');
});

describe('what sets a credential (S-SES-06)', () => {
  const recent = apiRoutes.filter(({ requires }) => requires.token === 'self' && requires.recent);

  it('is what the contract names', () => {
    expect(recent.map(({ path }) => path.replace('/{tid}/{aid}/identity', '')).sort()).toEqual([
      '/v2/self/set-password',
      '/v2/self/set-totp-secret',
      '/v2/self/set-webauthn',
      '/v2/self/webauthn/create/begin',
      '/v2/self/webauthn/create/complete',
    ]);
  });

  it('asks for a sign-in within the last five minutes, by either kind of token', async () => {
    const { identifier } = await server.addPerson('Late');
    const tokens = [
      await server.signIn(identifier),
      await server.signIn(identifier, ALL_SCOPES, { resource: `${server.url}/api` }),
    ];
    const refusals = async (): Promise<unknown[]> => {
      const calls = tokens.flatMap((late) =>
        recent.map(({ path }) => late.post(path.replace('/{tid}/{aid}', '/acme/shop'), {})),
      );
      return (await Promise.all(calls)).map(({ status, body, headers }) => [
        status,
        body?.error_code,
        headers.get('www-authenticate'),
      ]);
    };
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 4 * 60_000 });
    expect((await refusals()).filter((refusal) => (refusal as number[])[0] === 401)).toEqual([]);
    vi.setSystemTime(Date.now() + 2 * 60_000);
    // RFC 9470 §3.
    const challenge = 'Bearer realm="weir", error="insufficient_user_authentication", max_age="300"';
    expect(new Set((await refusals()).map((refusal) => JSON.stringify(refusal)))).toEqual(
      new Set([JSON.stringify([401, 'recent_authentication_required', challenge])]),
    );
  });
});
