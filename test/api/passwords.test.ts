import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readImportedHash } from '../../src/credentials/hashers/imported.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { putPassword } from '../../src/users/factors/password_store.ts';
import {
  startApiServer,
  statuses,
  type ApiAnswer,
  type ApiClient,
  type ApiServer,
} from '../support/api_server.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';
import { VECTORS } from '../support/imported_hashes.ts';
import { eventually, messagesTo } from '../support/mailbox.ts';
import { RelyingParty } from '../support/relying_party.ts';
import { watchStatements } from '../support/statements.ts';
import { volley } from '../support/volley.ts';

const FIRST = 'quiet otter crosses river';
const SECOND = 'four calm herons fish at dusk';
const ADMIN = '/api/identity/acme/admin/pools';
const SYSTEM = '/api/identity/acme/system/pools';
const CALLBACK = 'https://app.example.test/callback';

let server: ApiServer;
let admin: ApiClient;
let system: ApiClient;
let app: { readonly clientId: string; readonly clientSecret: string };

beforeAll(async () => {
  server = await startApiServer({ SOURCE_ATTEMPT_LIMIT: '100000' });
  await server.createTenant('acme');
  admin = server.api('acme');
  system = await server.system('acme', 'identity');
  await server.domain.workspaces.create({ tenantId: 'acme' }, { id: 'web', name: 'Web' }, SYSTEM_ACTOR);
  const client = {
    redirectUris: [CALLBACK],
    scopes: ['openid', 'manage_ss_profile'],
    trusted: true,
    grantTypes: ['authorization_code', 'refresh_token'] as const,
  };
  const made = await server.domain.clients.create(
    { tenantId: 'acme', workspaceId: 'web' },
    client,
    SYSTEM_ACTOR,
  );
  app = { clientId: made.id, clientSecret: made.clientSecret ?? '' };
});
afterAll(() => server.stop());

/** A pool that is connected to the workspace. */
async function addPool(id: string, settings: object = {}): Promise<void> {
  const made = await admin.post(ADMIN, { id, name: `Pool ${id}`, ...settings });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const scope = { tenantId: 'acme', workspaceId: 'web' };
  await server.domain.connections.create(scope, { poolId: id, name: `Pool ${id}` }, SYSTEM_ACTOR);
}

const newPerson = (name: string, password?: string, status = 'active') => ({
  status,
  payload: person(name),
  identifiers: [{ identifier: `${name}@example.test`, type: 'email' }],
  verifiable_addresses: [{ address: `${name}@example.test`, type: 'email', verified: true }],
  ...(password === undefined ? {} : { credentials: [{ type: 'password', password }] }),
});

async function addPerson(pool: string, name: string, password?: string, status?: string): Promise<string> {
  const made = await admin.post(`${ADMIN}/${pool}/users`, newPerson(name, password, status));
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return made.body.id as string;
}

const verify = (pool: string, body: object, headers?: Record<string, string>) =>
  system.post(`${SYSTEM}/${pool}/user/password/v2/verify`, body, headers);
const change = (pool: string, id: string, from: string, to: string, headers?: Record<string, string>) =>
  system.post(
    `${SYSTEM}/${pool}/users/${id}/change-password`,
    { old_password: from, new_password: to },
    headers,
  );

/** Gives a person the password that a stored hash is of, as an import does. */
async function putStored(poolId: string, userId: string, hash: string): Promise<void> {
  const imported = { hash, state: 'valid', expiresAfterSeconds: 0, historyLength: 0 } as const;
  await inTransaction(server.db, (tx) => putPassword(tx, { tenantId: 'acme', poolId, userId }, imported));
}

async function secretOf(userId: string): Promise<string> {
  const row = await server.db
    .knex('credentials')
    .where({ user_id: userId })
    .first<{ secret: string } | undefined>('secret');
  return row?.secret ?? '';
}

/** Signs in on the hosted page, through the one pool. */
async function signIn(pool: string, identifier: string, password: string) {
  const issuer = `${server.url}/acme/web`;
  const rp = await RelyingParty.discover({
    issuer,
    ...app,
    redirectUri: CALLBACK,
    scope: 'openid manage_ss_profile',
  });
  const connections = await server.domain.connections.listByWorkspace({
    tenantId: 'acme',
    workspaceId: 'web',
  });
  const hint = connections.find(({ poolId }) => poolId === pool)?.id ?? '';
  return rp.signIn({ identifier, password }, { idp_hint: hint });
}

/** The status of an exchange of a refresh token. */
async function refresh(token: string | undefined): Promise<number> {
  const secret = Buffer.from(`${app.clientId}:${app.clientSecret}`).toString('base64');
  const response = await fetch(`${server.url}/acme/web/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${secret}` },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token ?? '' }),
  });
  await response.body?.cancel();
  return response.status;
}

const rulesOf = ({ body }: ApiAnswer): string[] =>
  (body.details as { rule?: string; pointer: string }[])
    .map(({ rule, pointer }) => `${pointer} ${rule}`)
    .sort();

describe('a new password', () => {
  beforeAll(async () => {
    await addPool('strict', {
      password_policy: {
        strength: 'very_strong',
        min_length: 20,
        capital_letters: 2,
        lowercase_letters: 11,
        digits: 1,
        special_characters: 1,
      },
    });
    await addPool('legacy', { password_policy: { strength: 'any', min_length: 8 } });
    await addPool('fair');
  });
  const tried = (pool: string, password: string, name = 'mallory') =>
    admin.post(`${ADMIN}/${pool}/users`, newPerson(name, password));

  it('is told every rule that it fails at once, with the place', async () => {
    const refused = await tried('strict', 'password');
    expect(refused).toMatchObject({ status: 422, body: { error_code: 'password_policy' } });
    const pointer = '/credentials/0/password';
    expect(rulesOf(refused)).toEqual(
      [
        'blocklist',
        'capital_letters',
        'digits',
        'lowercase_letters',
        'min_length',
        'special_characters',
        'strength',
      ].map((rule) => `${pointer} ${rule}`),
    );
    expect(JSON.stringify(refused.body)).not.toContain('argon2');
    expect((await tried('strict', 'Two Calm herons fish at dusk, 7 of them')).status).toBe(201);
  });

  it('may be weak where the pool takes any, but never what everybody uses', async () => {
    expect(rulesOf(await tried('legacy', 'Password'))).toEqual(['/credentials/0/password blocklist']);
    expect((await tried('legacy', 'mnopqrst')).status).toBe(201);
    expect(rulesOf(await tried('fair', 'mnopqrst'))).toEqual(['/credentials/0/password strength']);
  });

  it.each(['acme2026!!', 'Harriet1999', 'harriet.quux@example.test', 'Weir weir 1'])(
    'may not be a word from around the person: %s',
    async (password) => {
      const refused = await tried('legacy', password, 'harriet.quux');
      expect(refused.status === 201 ? 'taken' : rulesOf(refused)).toEqual(
        password === 'Weir weir 1' ? 'taken' : ['/credentials/0/password blocklist'],
      );
    },
  );

  it('is rated with what is known of the person, and hostile ones are rated too', async () => {
    expect(rulesOf(await tried('fair', 'quuxgwendolyn', 'gwendolyn.quux'))).toEqual([
      '/credentials/0/password strength',
    ]);
    // The word lists are loaded and a text of the worst kind is rated: everybody else is served meanwhile.
    let answered = 0;
    const rated = tried('fair', `${'4@$5!1'.repeat(16)}zzzz`, 'slow').then((answer) => {
      const served = answered;
      return { answer, served };
    });
    for (let i = 0; i < 20; i += 1) {
      expect((await fetch(`${server.url}/livez`)).status).toBe(200);
      answered += 1;
      await turn();
    }
    const { answer, served } = await rated;
    expect([201, 422]).toContain(answer.status);
    expect(served).toBeGreaterThan(3);
  });

  it('is hashed in the method of the pool; the fast ones are for imports only', async () => {
    for (const method of ['sha', 'md5']) {
      const refused = await admin.post(ADMIN, {
        name: 'Fast',
        password_settings: { hashing_method: method },
      });
      expect(refused).toMatchObject({
        status: 422,
        body: { details: [{ pointer: '/password_settings/hashing_method' }] },
      });
      expect(refused.body.error).toContain('imported');
    }
  });
});

describe('checking a password', () => {
  let known: string;
  beforeAll(async () => {
    await addPool('checked');
    known = await addPerson('checked', 'known', FIRST);
    await addPerson('checked', 'bare');
    await addPerson('checked', 'asleep', FIRST, 'inactive');
  });

  it('says what it is worth, by name and by id', async () => {
    const right = { status: 200, body: { id: known, state: 'valid', result: 'password_correct' } };
    expect(await verify('checked', { identifier: 'known@example.test', password: FIRST })).toMatchObject(
      right,
    );
    expect(await verify('checked', { userID: known, password: FIRST })).toMatchObject(right);
    // The older name of the field wins.
    expect(await verify('checked', { id: known, userID: 'nobody', password: FIRST })).toMatchObject(right);
    const wrong = await verify('checked', { userID: known, password: SECOND });
    expect(wrong.body).toEqual({ id: known, state: 'valid', result: 'password_incorrect' });
    const bare = await verify('checked', { identifier: 'bare@example.test', password: FIRST });
    expect(bare.body).toMatchObject({ result: 'no_password' });
    for (const identifier of ['nobody@example.test', 'asleep@example.test']) {
      const absent = await verify('checked', { identifier, password: FIRST });
      expect(absent.body).toMatchObject({ id: '', result: 'user_not_found' });
    }
  });

  it('in the older form has one refusal for everything', async () => {
    const older = (body: object) => system.post(`${SYSTEM}/checked/user/password/verify`, body);
    expect(await older({ userID: known, password: FIRST })).toMatchObject({
      status: 200,
      body: { id: known, state: 'valid' },
    });
    const refusals = await Promise.all(
      ['known', 'bare', 'nobody', 'asleep'].map((name) =>
        older({ identifier: `${name}@example.test`, password: name === 'known' ? SECOND : FIRST }),
      ),
    );
    expect(statuses(refusals)).toEqual([401, 401, 401, 401]);
    expect(new Set(refusals.map(({ body }) => `${body.error} ${body.error_code}`)).size).toBe(1);
  });

  it('costs the same for everybody who does not get in', async () => {
    const log = watchStatements();
    const cost = async (identifier: string) => {
      const before = server.server.hashing().total;
      const { statements } = await log.during(() => verify('checked', { identifier, password: SECOND }));
      return { hashes: server.server.hashing().total - before, statements };
    };
    await cost('warm@example.test');
    const unknown = await cost('nobody2@example.test');
    expect(unknown.hashes).toBe(1);
    for (const name of ['known', 'bare', 'asleep'])
      expect(await cost(`${name}@example.test`), name).toEqual(unknown);
    log.stop();
  });

  it('asks for one person, of this pool', async () => {
    for (const body of [
      { password: FIRST },
      { userID: known, identifier: 'known@example.test', password: FIRST },
      { userID: known },
      { userID: known, password: 'x'.repeat(5000) },
      { userID: known, password: FIRST, admin: true },
    ]) {
      expect((await verify('checked', body)).status).toBe(422);
    }
    expect((await verify('absent', { userID: known, password: FIRST })).status).toBe(404);
    expect((await verify('fair', { userID: known, password: FIRST })).body).toMatchObject({
      result: 'user_not_found',
    });
    const stale = await verify('checked', { userID: known, password: FIRST }, { 'if-match': '"99"' });
    expect(stale.status).toBe(412);
  });

  it('evaluates five of fifty wrong guesses that come at once', async () => {
    const id = await addPerson('checked', 'raced', FIRST);
    const token = await server.systemToken('acme', 'identity');
    const before = server.server.hashing().total;
    const answers = await volley(
      Array.from({ length: 50 }, (_, i) => ({
        port: server.port,
        host: `localhost:${server.port}`,
        method: 'POST' as const,
        path: `${SYSTEM}/checked/user/password/v2/verify`,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ userID: id, password: `guess ${i}` }),
      })),
    );
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(45);
    expect(answers.filter(({ body }) => body.includes('password_incorrect'))).toHaveLength(5);
    expect(server.server.hashing().total - before).toBe(5);
    expect((await verify('checked', { userID: id, password: FIRST })).status).toBe(429);
  });

  it('stops after five wrong guesses, whichever form they came in', async () => {
    const id = await addPerson('checked', 'guessed', FIRST);
    for (let i = 0; i < 3; i += 1) await verify('checked', { userID: id, password: `guess ${i}` });
    const older = { identifier: 'guessed@example.test', password: 'guess' };
    for (let i = 0; i < 2; i += 1) await system.post(`${SYSTEM}/checked/user/password/verify`, older);
    const blocked = await verify('checked', { userID: id, password: FIRST });
    expect(blocked.status).toBe(429);
    expect(Number(blocked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await verify('checked', { userID: known, password: FIRST })).status).toBe(200);
  });
});

describe('changing a password', () => {
  beforeAll(() => addPool('changed'));

  it('replaces it, ends what was signed in with it, and tells the person', async () => {
    const id = await addPerson('changed', 'ann', FIRST);
    const { tokens } = await signIn('changed', 'ann@example.test', FIRST);
    const done = await change('changed', id, FIRST, SECOND);
    expect(done.status).toBe(204);
    expect((await admin.get(`${ADMIN}/changed/users/${id}`)).etag).toBe(done.etag);
    const results = await Promise.all(
      [FIRST, SECOND].map(
        async (password) => (await verify('changed', { userID: id, password })).body.result as string,
      ),
    );
    expect(results).toEqual(['password_incorrect', 'password_correct']);
    expect(await refresh(tokens.refresh_token)).toBe(400);
    expect((await messagesTo(server, 'ann@example.test')).map(({ template }) => template)).toEqual([
      'password_changed',
    ]);
    const events = await server.domain.audit.list({ tenantId: 'acme' }, 50);
    expect(events.some(({ subject, action }) => subject === 'password' && action === 'updated')).toBe(true);
    expect(JSON.stringify(events)).not.toMatch(/argon2|herons|otter/);
  });

  it('by the person ends all other sign-ins, and not the one it is done with', async () => {
    const id = await addPerson('changed', 'iris', FIRST);
    const [own, other] = [
      await signIn('changed', 'iris@example.test', FIRST),
      await signIn('changed', 'iris@example.test', FIRST),
    ];
    const asIris = (path: string, body: object) =>
      fetch(`${server.url}/acme/web/identity/v2/self/${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${own.tokens.access_token}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
      });
    const refused = await asIris('set-password', { new_password: SECOND });
    expect(await refused.json()).toMatchObject({ error_code: 'password_already_set' });
    const wrong = await asIris('change-password', { old_password: SECOND, new_password: SECOND });
    expect(wrong.status).toBe(401);
    const done = await asIris('change-password', { old_password: FIRST, new_password: SECOND });
    expect(done.status).toBe(204);
    expect((await verify('changed', { userID: id, password: SECOND })).body.result).toBe('password_correct');
    expect(await refresh(other.tokens.refresh_token)).toBe(400);
    expect(await refresh(own.tokens.refresh_token)).toBe(200);
  });

  it('needs the old one, a good new one and a person who has one', async () => {
    const id = await addPerson('changed', 'bob', FIRST);
    expect(await change('changed', id, 'wrong', SECOND)).toMatchObject({ status: 401 });
    expect(rulesOf(await change('changed', id, FIRST, 'zq7v'))).toEqual([
      '/new_password min_length',
      '/new_password strength',
    ]);
    expect(await change('changed', id, FIRST, SECOND, { 'if-match': '"99"' })).toMatchObject({ status: 412 });
    const bare = await addPerson('changed', 'bare');
    expect(await change('changed', bare, FIRST, SECOND)).toMatchObject({
      status: 422,
      body: { error_code: 'password_not_set' },
    });
    expect(await change('changed', 'nobody', FIRST, SECOND)).toMatchObject({ status: 404 });
    expect(await change('checked', id, FIRST, SECOND)).toMatchObject({ status: 404 });
    const twin = await system.post(`${SYSTEM}/changed/users/${id}/change_password`, {
      old_password: FIRST,
      new_password: SECOND,
    });
    expect(twin.status).toBe(204);
  });

  it('stops after five wrong old ones', async () => {
    const id = await addPerson('changed', 'eve', FIRST);
    for (let i = 0; i < 5; i += 1)
      expect((await change('changed', id, `guess ${i}`, SECOND)).status).toBe(401);
    const blocked = await change('changed', id, FIRST, SECOND);
    expect(blocked.status).toBe(429);
    expect(blocked.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('knows the states: to be changed, to be reset', async () => {
    const id = await addPerson('changed', 'cleo', FIRST);
    const put = (base: string, caller: ApiClient, state: unknown) =>
      caller.put(`${base}/changed/users/${id}/password/state`, { state });
    expect((await put(ADMIN, admin, 'must_be_changed')).status).toBe(204);
    expect((await verify('changed', { userID: id, password: FIRST })).body).toMatchObject({
      state: 'must_be_changed',
      result: 'password_correct',
    });
    expect((await put(SYSTEM, system, 'must_be_reset')).status).toBe(204);
    expect(await change('changed', id, FIRST, SECOND)).toMatchObject({
      status: 422,
      body: { error_code: 'password_must_be_reset' },
    });
    expect((await put(ADMIN, admin, 'valid')).status).toBe(204);
    expect((await change('changed', id, FIRST, SECOND)).status).toBe(204);
    expect((await put(ADMIN, admin, 'broken')).status).toBe(422);
    const bare = await addPerson('changed', 'bare2');
    const none = await admin.put(`${ADMIN}/changed/users/${bare}/password/state`, { state: 'valid' });
    expect(none.status).toBe(422);
    const absent = await admin.put(`${ADMIN}/changed/users/nobody/password/state`, { state: 'valid' });
    expect(absent.status).toBe(404);
  });

  it('starts the time after which it expires', async () => {
    await addPool('expiring', { password_settings: { expires_after: '720h0m0s' } });
    const id = await addPerson('expiring', 'dora', FIRST);
    const expire = (at: string) =>
      server.db.knex('credentials').where({ user_id: id }).update({ expires_at: at });
    await expire('2020-01-01T00:00:00Z');
    expect((await verify('expiring', { userID: id, password: FIRST })).body.result).toBe('password_expired');
    expect((await verify('expiring', { userID: id, password: SECOND })).body.result).toBe(
      'password_incorrect',
    );
    const older = await system.post(`${SYSTEM}/expiring/user/password/verify`, {
      userID: id,
      password: FIRST,
    });
    expect(older).toMatchObject({ status: 200, body: { state: 'must_be_reset' } });
    expect((await change('expiring', id, FIRST, SECOND)).status).toBe(204);
    const { body } = await admin.get(`${ADMIN}/expiring/users/${id}`);
    const days = (Date.parse(body.credentials[0].expires_at as string) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(30);
  });
});

describe('the history of a password', () => {
  const words = ['walnut', 'saffron', 'juniper', 'marigold', 'tamarind'];
  const nth = (n: number) => `seven ${words[n]} boats drift north`;

  it('keeps out as many as the pool says, and no more, in one job however many there are', async () => {
    await addPool('kept', { password_policy: { not_used_since: 3 } });
    const id = await addPerson('kept', 'hugo', nth(0));
    const to = async (from: number, next: number) => {
      const before = server.server.hashing().total;
      const answer = await change('kept', id, nth(from), nth(next));
      return { answer, jobs: server.server.hashing().total - before };
    };
    const used = ['/new_password not_used_since'];
    expect(rulesOf((await to(0, 0)).answer)).toEqual(used);
    const one = await to(0, 1);
    expect(one.answer.status).toBe(204);
    const two = await to(1, 2);
    expect([two.answer.status, two.jobs]).toEqual([204, one.jobs]);
    expect(rulesOf((await to(2, 0)).answer)).toEqual(used);
    expect(rulesOf((await to(2, 1)).answer)).toEqual(used);
    expect((await to(2, 3)).answer.status).toBe(204);
    expect((await to(3, 0)).answer.status).toBe(204);
    const kept = await server.db.knex('password_history').where({ user_id: id });
    expect(kept).toHaveLength(2);
    expect(rulesOf((await to(0, 3)).answer)).toEqual(used);
  });

  it('is told beside every other rule, where a pool has become stricter', async () => {
    await addPool('stricter', { password_policy: { strength: 'any' } });
    const id = await addPerson('stricter', 'hanna', 'tramway!x');
    const password_policy = {
      strength: 'very_strong',
      min_length: 20,
      capital_letters: 1,
      lowercase_letters: 20,
      digits: 1,
      special_characters: 2,
      not_used_since: 24,
    };
    const changed = await admin.put(`${ADMIN}/stricter`, { name: 'Pool stricter', password_policy });
    expect(changed.status).toBe(200);
    expect(rulesOf(await change('stricter', id, 'tramway!x', 'tramway!x'))).toEqual(
      Object.keys(password_policy)
        .sort()
        .map((rule) => `/new_password ${rule}`),
    );
  });
});

describe('the way a password is hashed', () => {
  it.each([
    ['bcrypt', /^\$2b\$12\$/],
    ['pbkdf2', /^\$pbkdf2-sha256\$i=600000/],
  ] as const)('becomes %s at the next sign-in after the pool has chosen it', async (method, form) => {
    const pool = `to${method}`;
    await addPool(pool);
    const [ann, bob] = [await addPerson(pool, 'ann', FIRST), await addPerson(pool, 'bob', FIRST)];
    const chosen = await admin.put(`${ADMIN}/${pool}`, {
      name: `Pool ${pool}`,
      password_settings: { hashing_method: method },
    });
    expect(chosen.status).toBe(200);
    expect(await secretOf(ann)).toMatch(/^\$argon2id\$/);
    await signIn(pool, 'ann@example.test', FIRST);
    await verify(pool, { userID: bob, password: FIRST });
    for (const id of [ann, bob]) {
      await eventually(async () => (form.test(await secretOf(id)) ? true : undefined));
    }
    expect((await verify(pool, { userID: ann, password: FIRST })).body.result).toBe('password_correct');
    expect((await verify(pool, { userID: ann, password: SECOND })).body.result).toBe('password_incorrect');
  });

  it('decides how long one may be', async () => {
    const tooLong = 'é7 '.repeat(20);
    const refused = await change('tobcrypt', await addPerson('tobcrypt', 'long', FIRST), FIRST, tooLong);
    expect(rulesOf(refused)).toContain('/new_password max_length');
  });

  it.each(VECTORS)('from elsewhere opens a sign-in, and is replaced: $name', async ({ form, password }) => {
    const read = readImportedHash(form);
    if (!read.ok) throw new Error(read.reason);
    const name = `imported-${VECTORS.findIndex((vector) => vector.form === form)}`;
    const id = await addPerson('fair', name);
    await putStored('fair', id, read.stored);
    await signIn('fair', `${name}@example.test`, password);
    const today = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;
    await eventually(async () => (today.test(await secretOf(id)) ? true : undefined));
  });
});
