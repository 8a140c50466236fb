import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepChallenges } from '../../src/credentials/passkey_challenges_store.ts';
import { sweepDevices } from '../../src/credentials/trusted_devices_store.ts';
import { SYSTEM_ACTOR } from '../support/domain.ts';
import { ALL_SCOPES, startSelfServer, type SelfServer, type SignedIn } from '../support/self_api.ts';
import { FLAGS, SoftwareAuthenticator, type Bent } from '../support/software_authenticator.ts';
import { messagesTo } from '../support/mailbox.ts';
import { volley } from '../support/volley.ts';

let server: SelfServer;
let keys: string;
let base: string;
beforeAll(async () => {
  server = await startSelfServer();
  ({ base } = server);
  keys = `${base}/v2/self/webauthn`;
});
afterAll(() => server.stop());

const POOL = { tenantId: 'acme', poolId: 'customers' };
const device = (options: { id?: Buffer; signCount?: number } = {}) =>
  new SoftwareAuthenticator({ origin: server.url, ...options });
const systemKeys = (id: string) => `/api/identity/acme/system/pools/customers/users/${id}/webauthn`;

async function begin(who: SignedIn) {
  const { status, body } = await who.post(`${keys}/create/begin`, undefined);
  expect(status).toBe(200);
  return body.publicKey;
}

/** Signs somebody new in and gives them a passkey. */
async function withPasskey(name: string) {
  const made = await server.addPerson(name);
  const who = await server.signIn(made.identifier);
  const authenticator = device();
  const added = await who.post(`${keys}/create/complete`, authenticator.create(await begin(who)));
  expect(added.status).toBe(200);
  return { ...made, who, authenticator, keyId: authenticator.id.toString('base64url') };
}

describe('registering a passkey', () => {
  it('asks with what the person is, and without what could name them', async () => {
    const ann = await server.addPerson('Ann');
    const who = await server.signIn(ann.identifier);
    const options = await begin(who);
    expect(options).toMatchObject({
      rp: { id: 'localhost', name: 'Customers' },
      user: { name: ann.identifier, displayName: 'Ann' },
      attestation: 'none',
      excludeCredentials: [],
      authenticatorSelection: { userVerification: 'preferred' },
    });
    expect(options.pubKeyCredParams.map(({ alg }: { alg: number }) => alg)).toEqual([-7, -8, -257]);
    expect(Buffer.from(options.challenge, 'base64url').length).toBeGreaterThanOrEqual(16);
    const handle = Buffer.from(options.user.id, 'base64url');
    expect(handle).toHaveLength(32);
    expect(handle.toString()).not.toContain(ann.id);
    expect((await begin(who)).challenge).not.toBe(options.challenge);
  });

  it('takes the answer, in either form of its bytes, and shows the key everywhere', async () => {
    const { id, who, authenticator, keyId } = await withPasskey('Bea');
    const second = device();
    const options = await begin(who);
    expect(options.excludeCredentials).toMatchObject([{ id: keyId }]);
    const answer = second.create(options);
    const numbers = (text: string) => [...Buffer.from(text, 'base64url')];
    const added = await who.post(`${keys}/create/complete`, {
      ...answer,
      rawId: numbers(answer.rawId),
      response: {
        ...answer.response,
        clientDataJSON: numbers(answer.response.clientDataJSON),
        attestationObject: Buffer.from(answer.response.attestationObject, 'base64url').toString('base64'),
      },
    });
    expect(added).toMatchObject({
      status: 200,
      body: {
        credentials: [
          {
            id: authenticator.id.toString('base64'),
            publicKey: authenticator.publicKey().toString('base64'),
            transport: ['internal', 'hybrid'],
            flags: { userVerified: true, backupEligible: false },
            authenticator: { signCount: 1, cloneWarning: false, attachment: 'platform' },
          },
          { id: second.id.toString('base64') },
        ],
      },
    });
    expect((await who.put(`${keys}/${keyId}/name`, { name: 'Telephone' })).status).toBe(204);
    const profile = await who.get(`${base}/v2/self/me`);
    expect(profile.body.credentials).toMatchObject([
      { type: 'password' },
      { type: 'webauthn', id: keyId, name: 'Telephone', state: 'valid' },
      { type: 'webauthn', id: second.id.toString('base64url') },
    ]);
    const seen = await server.backend.get(`/api/identity/acme/system/pools/customers/users/${id}`);
    expect(seen.body.credentials).toMatchObject([
      { type: 'password' },
      { type: 'webauthn', payload: { keys: [{ id: keyId, name: 'Telephone' }, { name: '' }] } },
    ]);
    const notices = await server.db.knex('outbox').where({ user_id: id }).pluck('template');
    expect(notices).toEqual(['new_passkey', 'new_passkey']);
  });

  const flawed: [string, Bent][] = [
    ['another type', { type: 'webauthn.get' }],
    ['another origin', { origin: 'http://localhost:1' }],
    ['the origin of a neighbour', { origin: 'http://app.localhost' }],
    ['another host', { rpId: 'example.test' }],
    ['another site’s frame', { crossOrigin: true }],
    ['a top origin', { topOrigin: 'https://evil.example' }],
    ['nobody present', { flags: FLAGS.UV | FLAGS.AT }],
    ['no key in it', { flags: FLAGS.UP | FLAGS.UV }],
    ['a backup of what has none', { flags: FLAGS.UP | FLAGS.UV | FLAGS.AT | FLAGS.BS }],
    ['an algorithm that was not asked for', { algorithm: -35 }],
    ['a key that is not of its algorithm', { algorithm: -257 }],
    ['an id that is not the key’s', { claimedId: randomBytes(32).toString('base64url') }],
    ['an id beyond the limit', { credentialId: randomBytes(1024) }],
    ['a forged attestation', { attestation: 'packed-forged' }],
    ['an attestation that was not asked for', { attestation: 'fido-u2f' }],
    ['a statement where there is none', { attestation: 'none-with-statement' }],
    ['a challenge of its own', { challenge: randomBytes(32).toString('base64url') }],
  ];
  it('refuses an answer with one thing wrong, and it cannot be mended after that', async () => {
    const made = await server.addPerson('Flaw');
    const who = await server.signIn(made.identifier);
    for (const [what, bent] of flawed) {
      const options = await begin(who);
      const authenticator = device();
      const refused = await who.post(`${keys}/create/complete`, authenticator.create(options, bent));
      expect(refused.status, what).toBe(422);
      if (bent.challenge === undefined && bent.credentialId === undefined) {
        const mended = await who.post(`${keys}/create/complete`, authenticator.create(options));
        expect(mended, what).toMatchObject({ status: 422, body: { error_code: 'passkey_challenge' } });
      }
    }
    for (const body of [
      {},
      { id: 'x', type: 'public-key' },
      { ...device().create(await begin(who)), type: 'password' },
    ]) {
      expect((await who.post(`${keys}/create/complete`, body)).status).toBe(422);
    }
    expect((await who.get(`${base}/v2/self/me`)).body.credentials).toHaveLength(1);
  });

  it('takes a signature by the key itself, an unverified person and a key that is backed up', async () => {
    const made = await server.addPerson('Good');
    const who = await server.signIn(made.identifier);
    for (const bent of [
      { attestation: 'packed' },
      { flags: FLAGS.UP | FLAGS.AT },
      { flags: FLAGS.UP | FLAGS.UV | FLAGS.AT | FLAGS.BE | FLAGS.BS },
    ] as const) {
      const added = await who.post(`${keys}/create/complete`, device().create(await begin(who), bent));
      expect(added.status).toBe(200);
    }
    expect(
      (await server.domain.passkeys.list({ ...POOL, userId: made.id })).map((key) => [
        key.attestationType,
        key.userVerified,
        key.backupState,
      ]),
    ).toEqual([
      ['packed', true, false],
      ['none', false, false],
      ['none', true, true],
    ]);
  });

  it('binds a challenge to the person, and lets it end after five minutes', async () => {
    const [one, two] = [await server.addPerson('One'), await server.addPerson('Two')];
    const [first, second] = [await server.signIn(one.identifier), await server.signIn(two.identifier)];
    const options = await begin(first);
    const stolen = await second.post(`${keys}/create/complete`, device().create(options));
    expect(stolen).toMatchObject({ status: 422, body: { error_code: 'passkey_challenge' } });
    await server.db
      .knex('passkey_challenges')
      .where({ user_id: one.id })
      .update({ expires_at: server.db.knex.raw(`expires_at - interval '5 minutes'`) });
    const late = await first.post(`${keys}/create/complete`, device().create(options));
    expect(late).toMatchObject({ status: 422, body: { error_code: 'passkey_challenge' } });
    const rows = await server.db.knex('passkey_challenges').where({ user_id: one.id });
    expect(JSON.stringify(rows)).not.toContain(options.challenge);
    for (let tabs = 0; tabs < 12; tabs += 1) await begin(first);
    const open = await server.db.knex('passkey_challenges').where({ user_id: one.id });
    expect(open.length).toBeLessThanOrEqual(8);
  });

  it('has one winner among fifty with the same answer', async () => {
    const made = await server.addPerson('Race');
    const who = await server.signIn(made.identifier);
    const body = JSON.stringify(device().create(await begin(who)));
    const { host, port } = new URL(server.url);
    const answers = await volley(
      Array.from({ length: 50 }, () => ({
        port: Number(port),
        host,
        method: 'POST' as const,
        path: `${keys}/create/complete`,
        headers: { authorization: `Bearer ${who.token}`, 'content-type': 'application/json' },
        body,
      })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(49);
    expect(await server.domain.passkeys.list({ ...POOL, userId: made.id })).toHaveLength(1);
  });

  it('refuses a key that somebody in the pool has', async () => {
    const { authenticator, id } = await withPasskey('Owner');
    const made = await server.addPerson('Thief');
    const thief = await server.signIn(made.identifier);
    const copy = device({ id: authenticator.id });
    const refused = await thief.post(`${keys}/create/complete`, copy.create(await begin(thief)));
    expect(refused).toMatchObject({ status: 422, body: { error_code: 'passkey_known' } });
    const [kept] = await server.domain.passkeys.list({ ...POOL, userId: id });
    expect(kept?.publicKey).toBe(authenticator.publicKey().toString('base64url'));
  });

  it('needs the scope, by any kind of token', async () => {
    const made = await server.addPerson('Old');
    const view = await server.signIn(made.identifier, 'openid view_ss_profile');
    expect((await view.post(`${keys}/create/begin`, undefined)).status).toBe(403);
    const jwt = await server.signIn(made.identifier, ALL_SCOPES, { resource: `${server.url}/api` });
    expect((await jwt.post(`${keys}/create/begin`, undefined)).status).toBe(200);
  });
});

describe('a record of a key', () => {
  const users = '/api/identity/acme/system/pools/customers/users';
  const asked = { challenge: 'x', rp: { id: 'localhost' }, user: { id: 'x' } };
  const create = (record: object) =>
    server.backend.post(users, {
      status: 'new',
      credentials: [{ type: 'webauthn', webauthn_credentials: [record] }],
    });

  it('is taken from a backend at creation', async () => {
    const authenticator = device();
    const created = await create(authenticator.record(asked));
    expect(created).toMatchObject({
      status: 201,
      body: {
        credentials: [
          { type: 'webauthn', payload: { keys: [{ id: authenticator.id.toString('base64url') }] } },
        ],
      },
    });
    expect(await create(authenticator.record(asked))).toMatchObject({
      status: 422,
      body: { error_code: 'passkey_known' },
    });
  });

  it('is refused when it does not hold together', async () => {
    const good = device().record(asked);
    const other = device().record(asked);
    for (const [what, bad] of Object.entries({
      'no key': { ...good, publicKey: 'AAAA' },
      'a private key’s length': { ...good, publicKey: randomBytes(77).toString('base64') },
      'no id': { ...good, id: '' },
      'another key’s attestation': { ...good, attestation: other.attestation },
      'another host': device().record(asked, { rpId: 'example.test' }),
      'an impossible backup': { ...good, flags: { backupState: true, backupEligible: false } },
      'a short AAGUID': { ...good, authenticator: { AAGUID: 'AAAA' } },
      'an unknown field': { ...good, owner: 'somebody' },
      'no bytes': { ...good, id: 'not base64!' },
    })) {
      expect((await create(bad)).status, what).toBe(422);
    }
  });

  it('sets a first key of one’s own with the whole ceremony behind it', async () => {
    const made = await server.addPerson('Set');
    const who = await server.signIn(made.identifier);
    const set = (record: object) => who.post(`${base}/v2/self/set-webauthn`, { new_webauthn: record });
    const { attestation: _none, ...bare } = device().record(await begin(who));
    expect((await set(bare)).status).toBe(422);
    expect((await set(device().record(asked))).body.error_code).toBe('passkey_challenge');
    expect((await set(device().record(await begin(who)))).status).toBe(204);
    expect((await set(device().record(await begin(who)))).body.error_code).toBe('passkey_already_set');
  });
});

describe('naming and deleting', () => {
  it('touches one’s own keys, and never the last one', async () => {
    const owner = await withPasskey('Lena');
    const stranger = await withPasskey('Mona');
    for (const path of [stranger.keyId, 'AAAA', 'not-a-key!', '..']) {
      expect((await owner.who.put(`${keys}/${path}/name`, { name: 'Mine' })).status).toBe(404);
      expect((await owner.who.delete(`${keys}/${path}`)).status).toBe(404);
    }
    expect((await owner.who.put(`${keys}/${owner.keyId}/name`, { name: 'two\nlines' })).status).toBe(422);
    expect(await owner.who.delete(`${keys}/${owner.keyId}`)).toMatchObject({
      status: 403,
      body: { error_code: 'last_passkey' },
    });
    const second = device({ id: randomBytes(512) });
    await owner.who.post(`${keys}/create/complete`, second.create(await begin(owner.who)));
    // Padded, and in the other alphabet: the same key.
    const escaped = encodeURIComponent(second.id.toString('base64'));
    const elsewhere = await server.signIn(owner.identifier);
    const both = await Promise.all([
      owner.who.delete(`${keys}/${owner.keyId}`),
      owner.who.delete(`${keys}/${escaped}`),
    ]);
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([204, 403]);
    expect(await server.domain.passkeys.list({ ...POOL, userId: owner.id })).toHaveLength(1);
    const told = await messagesTo(server, owner.identifier);
    expect(told.filter(({ template }) => template === 'passkey_removed')).toHaveLength(1);
    // What the key may have opened is closed; where it was deleted, it goes on.
    expect((await elsewhere.get(`${base}/self/me`)).status).toBe(401);
    expect((await owner.who.get(`${base}/self/me`)).status).toBe(200);
  });

  it('lets a backend do all of it, and delete the last one', async () => {
    const { id } = await server.addPerson('Nora');
    const path = systemKeys(id);
    const begun = await server.backend.post(`${path}/create/begin`, undefined);
    const authenticator = device();
    const done = await server.backend.post(
      `${path}/create/complete`,
      authenticator.create(begun.body.publicKey),
    );
    expect(done.body.credentials).toHaveLength(1);
    const key = authenticator.id.toString('base64url');
    expect((await server.backend.put(`${path}/${key}/name`, { name: 'Key' })).status).toBe(204);
    const before = await server.backend.get(`/api/identity/acme/system/pools/customers/users/${id}`);
    expect((await server.backend.delete(`${path}/${key}`)).status).toBe(204);
    expect((await server.backend.delete(`${path}/${key}`)).status).toBe(404);
    const after = await server.backend.get(`/api/identity/acme/system/pools/customers/users/${id}`);
    expect(after.body.credentials.map(({ type }: { type: string }) => type)).toEqual(['password']);
    expect(after.etag).not.toBe(before.etag);
    for (const absent of [systemKeys('nobody'), systemKeys(id).replace('customers', 'elsewhere')]) {
      expect((await server.backend.post(`${absent}/create/begin`, undefined)).status).toBe(404);
    }
  });
});

describe('proving oneself with a passkey', () => {
  const challenge = async (flow: string) => {
    const made = randomBytes(32).toString('base64url');
    await server.domain.passkeys.beginAssertion(POOL, made, flow);
    return { challenge: made, rpId: 'localhost' };
  };

  it('works once for each challenge, in its own sign-in', async () => {
    const { id, authenticator } = await withPasskey('Pia');
    const check = (answer: ReturnType<typeof authenticator.get>, flow: string, pool = POOL) =>
      server.domain.passkeys.checkAssertion(pool, answer, flow);
    const answer = authenticator.get(await challenge('flow'));
    const tries = await Promise.all(Array.from({ length: 50 }, () => check(answer, 'flow')));
    expect(tries.filter(Boolean)).toEqual([{ userId: id, userVerified: true }]);
    const elsewhere = authenticator.get(await challenge('flow-1'));
    expect(await check(elsewhere, 'flow-2')).toBeUndefined();
    expect(await check(elsewhere, 'flow-1', { ...POOL, poolId: 'administrators' })).toBeUndefined();
    expect(await check(elsewhere, 'flow-1')).toMatchObject({ userId: id });
    const unverified = authenticator.get(await challenge('flow'), { flags: FLAGS.UP });
    expect(await check(unverified, 'flow')).toEqual({ userId: id, userVerified: false });
  });

  it('fails for an answer with one thing wrong', async () => {
    const { authenticator } = await withPasskey('Quin');
    const other = await withPasskey('Rosa');
    for (const bent of [
      { type: 'webauthn.create' },
      { origin: 'http://localhost:1' },
      { rpId: 'example.test' },
      { crossOrigin: true },
      { flags: FLAGS.UV },
      { flags: FLAGS.UP | FLAGS.BE },
      { signature: randomBytes(70) },
      { claimedId: other.keyId },
      { userHandle: other.authenticator.userHandle },
    ] as Bent[]) {
      const answer = authenticator.get(await challenge('flow'), bent);
      const result = await server.domain.passkeys.checkAssertion(POOL, answer, 'flow');
      expect(result, JSON.stringify(bent)).toBeUndefined();
    }
  });

  it('marks and refuses a key whose counter goes back, but not a forged one', async () => {
    const { id, authenticator, keyId } = await withPasskey('Tess');
    const read = async () =>
      (await server.domain.passkeys.list({ ...POOL, userId: id })).find((key) => key.id === keyId);
    const check = async (bent: Bent) =>
      server.domain.passkeys.checkAssertion(POOL, authenticator.get(await challenge('f'), bent), 'f');
    expect(await check({ signCount: 10 })).toBeDefined();
    expect(await check({ signCount: 9, signature: randomBytes(70) })).toBeUndefined();
    expect(await read()).toMatchObject({ signCount: 10, cloneWarning: false });
    expect(await check({ signCount: 10 })).toBeUndefined();
    expect(await read()).toMatchObject({ signCount: 10, cloneWarning: true });
    expect(await check({ signCount: 11 })).toBeDefined();
  });
});

describe('trusted devices', () => {
  it('are remembered for a while, for one person, and end with their access', async () => {
    const [ann, bob] = [await server.addPerson('Dev'), await server.addPerson('Dov')];
    const { devices } = server.domain;
    const scope = { ...POOL, userId: ann.id };
    const from = { ip: '192.0.2.1', userAgent: 'A browser', ttlSeconds: 600 };
    const token = (await devices.remember(scope, from)) ?? '';
    expect(await devices.remember(scope, { ...from, ttlSeconds: 0 })).toBeUndefined();
    expect(await devices.isRemembered(scope, token)).toBe(true);
    expect(await devices.isRemembered({ ...POOL, userId: bob.id }, token)).toBe(false);
    expect(await devices.isRemembered({ ...scope, poolId: 'elsewhere' }, token)).toBe(false);
    expect(await devices.isRemembered(scope, `${token.slice(0, -1)}A`)).toBe(token.endsWith('A'));
    const rows = await server.db.knex('trusted_devices').where({ user_id: ann.id });
    expect(JSON.stringify(rows)).not.toContain(token.split('.')[1]);

    const who = await server.signIn(ann.identifier);
    const stranger = await server.signIn(bob.identifier);
    const path = `${base}/v2/self/mfa/sessions`;
    const listed = await who.get(path);
    expect(listed.body.sessions).toMatchObject([{ ip_address: '192.0.2.1', user_agent: 'A browser' }]);
    const { id } = listed.body.sessions[0] as { id: string };
    expect((await stranger.get(path)).body.sessions).toEqual([]);
    expect((await stranger.delete(`${path}/${id}`)).status).toBe(404);
    expect((await who.delete(`${path}/${id}`)).status).toBe(204);
    expect(await devices.isRemembered(scope, token)).toBe(false);

    for (let count = 0; count < 25; count += 1) await devices.remember(scope, from);
    expect(await devices.list(scope)).toHaveLength(20);
    await server.domain.users.update(scope, { status: 'inactive' }, SYSTEM_ACTOR);
    expect(await devices.list(scope)).toHaveLength(0);
  });

  it('and challenges are swept when their time is over, no sooner', async () => {
    const { knex } = server.db;
    const people = [await server.addPerson('Gone'), await server.addPerson('Here')] as const;
    for (const { id } of people) {
      const scope = { ...POOL, userId: id };
      await server.domain.devices.remember(scope, { ip: '', userAgent: '', ttlSeconds: 600 });
      await server.domain.passkeys.beginCreation(scope);
    }
    const tables = ['trusted_devices', 'passkey_challenges'];
    const over = { expires_at: knex.raw(`now() - interval '1 second'`) };
    for (const table of tables) await knex(table).where({ user_id: people[0].id }).update(over);
    await sweepDevices(knex, 1_000);
    await sweepChallenges(knex, 1_000);
    for (const table of tables) {
      const ids = people.map(({ id }) => id);
      expect(await knex(table).whereIn('user_id', ids).pluck('user_id')).toEqual([people[1].id]);
    }
  });
});
