import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyPassword } from '../../src/credentials/hashers/index.ts';
import { startApiServer, statuses, type ApiClient, type ApiServer } from '../support/api_server.ts';
import { person } from '../support/domain.ts';

let server: ApiServer;
let acme: ApiClient;
const POOL = '/api/identity/acme/admin/pools/staff';
const USERS = `${POOL}/users`;

beforeAll(async () => {
  server = await startApiServer();
  await server.createTenant('acme');
  acme = server.api('acme');
  await acme.post('/api/identity/acme/admin/pools', { id: 'staff', name: 'Staff' });
});
afterAll(() => server.stop());

const email = (address: string) => ({ identifier: address, type: 'email' });

describe('creating a person', () => {
  it('with a password stores its hash and shows neither', async () => {
    const created = await acme.post(USERS, {
      status: 'active',
      identifiers: [email('Ann@Example.com'), { identifier: '+48123456789', type: 'mobile' }],
      verifiable_addresses: [
        { address: 'Ann@Example.com', type: 'email', verified: true },
        { address: '+48123456789', type: 'mobile', preferred_contact_method: 'sms' },
      ],
      credentials: [{ type: 'password', password: 'correct horse battery', must_be_changed: true }],
      payload: person('Ann'),
      metadata: { department: 'sales' },
    });
    expect(created).toMatchObject({
      status: 201,
      etag: '"1"',
      body: {
        tenant_id: 'acme',
        user_pool_id: 'staff',
        status: 'active',
        identifiers: [
          { identifier: 'Ann@Example.com', identifier_lc: 'ann@example.com' },
          { type: 'mobile' },
        ],
        verifiable_addresses: [
          { address: 'Ann@Example.com', verified: true, verified_at: expect.any(String) as string },
          { verified: false, status: 'active', preferred_contact_method: 'sms' },
        ],
        credentials: [{ type: 'password', state: 'must_be_changed', payload: { hashed_password: '###' } }],
      },
    });
    const row = await server.db.knex('credentials').where({ user_id: created.body.id }).first('secret');
    expect(await verifyPassword('correct horse battery', (row as { secret: string }).secret)).toBe(true);
    expect(JSON.stringify(created.body)).not.toContain('argon2');
    expect(await acme.get(`${USERS}/${created.body.id}`)).toMatchObject({ status: 200, body: created.body });
  });

  it('lets must_be_reset win, and sets an expiry where the pool has one', async () => {
    await acme.post('/api/identity/acme/admin/pools', {
      id: 'expiring',
      name: 'Expiring',
      password_settings: { expires_after: '24h' },
    });
    const { body } = await acme.post('/api/identity/acme/admin/pools/expiring/users', {
      status: 'new',
      credentials: [
        { type: 'password', password: 'correct horse', must_be_changed: true, must_be_reset: true },
      ],
    });
    expect(body.credentials[0].state).toBe('must_be_reset');
    const days = (Date.parse(body.credentials[0].expires_at) - Date.parse(body.created_at)) / 86_400_000;
    expect(days).toBeCloseTo(1, 3);
  });

  it('refuses a password with every failed rule', async () => {
    await acme.post('/api/identity/acme/admin/pools', {
      id: 'strict',
      name: 'Strict',
      password_policy: { min_length: 12, capital_letters: 2, digits: 1, special_characters: 1 },
    });
    const refused = await acme.post('/api/identity/acme/admin/pools/strict/users', {
      status: 'new',
      credentials: [{ type: 'password', password: 'Short' }],
    });
    expect(refused).toMatchObject({ status: 422, body: { error_code: 'password_policy' } });
    expect(refused.body.details).toHaveLength(6);
    expect(JSON.stringify(refused.body)).not.toContain('Short');
  });

  it('allows an invitation by address alone, but nobody active without the required payload', async () => {
    const invited = { status: 'new', identifiers: [email('new@example.com')] };
    const { body } = await acme.post(USERS, invited);
    expect(body).toMatchObject({ status: 'new', payload: {} });
    const refused = await acme.put(`${USERS}/${body.id}`, { status: 'active' });
    expect(refused).toMatchObject({ status: 422 });
    expect(refused.body.details.map((issue: { pointer: string }) => issue.pointer)).toEqual([
      '/payload/name',
      '/payload/given_name',
      '/payload/family_name',
    ]);
    const completed = { status: 'active', payload: person('New') };
    expect(await acme.put(`${USERS}/${body.id}`, completed)).toMatchObject({ status: 200 });
  });

  it.each([
    ['/status', {}],
    ['/status', { status: 'asleep' }],
    ['/payload/shoe_size', { status: 'new', payload: { name: 'A', shoe_size: 43 } }],
    ['/payload/name', { status: 'new', payload: { name: '' } }],
    ['/payload/name', { status: 'new', payload: { name: { id: 1 } } }],
    ['/payload', { status: 'new', payload: [] }],
    ['/identifiers/0/identifier', { status: 'new', identifiers: [email('nobody')] }],
    ['/identifiers/0/identifier', { status: 'new', identifiers: [{ identifier: '123', type: 'mobile' }] }],
    ['/identifiers/0/identifier', { status: 'new', identifiers: [{ identifier: 'a\nb', type: 'uid' }] }],
    ['/identifiers/0/identifier', { status: 'new', identifiers: [{ identifier: 'x', type: 'federated' }] }],
    ['/identifiers/0/identifier', { status: 'new', identifiers: [{ identifier: { id: '1' }, type: 'uid' }] }],
    ['/identifiers', { status: 'new', identifiers: [email('a@x.org'), email('a@X.org')] }],
    [
      '/verifiable_addresses/0/address',
      { status: 'new', verifiable_addresses: [{ address: 'a@x.org\r\nBcc: b@x.org', type: 'email' }] },
    ],
    ['/credentials/0/totp_secret', { status: 'new', credentials: [{ type: 'totp', totp_secret: 'AAAA' }] }],
    ['/credentials/0/password', { status: 'new', credentials: [{ type: 'password' }] }],
    [
      '/credentials/0/password',
      { status: 'new', credentials: [{ type: 'password', password: 'x'.repeat(300) }] },
    ],
    ['/id', { status: 'new', id: '../etc' }],
    ['/id', { status: 'new', id: '..' }],
    ['/metadata', { status: 'new', metadata: { a: 'x'.repeat(70_000) } }],
    ['/payload_schema_id', { status: 'new', payload_schema_id: 'other' }],
    ['/groups', { status: 'new', groups: ['admins'] }],
  ])('refuses %s', async (pointer, body) => {
    const refused = await acme.post(USERS, body);
    expect(refused.status).toBe(422);
    expect(refused.body.details.map((issue: { pointer: string }) => issue.pointer)).toContain(pointer);
  });

  it('is refused where administrators may not create people', async () => {
    await acme.post('/api/identity/acme/admin/pools', {
      id: 'closed',
      name: 'Closed',
      admin_initiated_registration_allowed: false,
    });
    expect(await acme.post('/api/identity/acme/admin/pools/closed/users', { status: 'new' })).toMatchObject({
      status: 422,
      body: { error_code: 'registration_not_allowed' },
    });
  });

  it('gives an identifier to one of 50 who want it at the same moment', async () => {
    const wish = { status: 'new', identifiers: [email('race@example.com')] };
    const answers = await Promise.all(Array.from({ length: 50 }, () => acme.post(USERS, wish)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49);
  });

  it('keeps identifiers and verified addresses of different people apart, also at the same moment', async () => {
    for (let round = 0; round < 10; round += 1) {
      const address = `both${round}@example.com`;
      const answers = await Promise.all([
        acme.post(USERS, { status: 'new', identifiers: [email(address)] }),
        acme.post(USERS, {
          status: 'new',
          verifiable_addresses: [{ address: address.toUpperCase(), type: 'email', verified: true }],
        }),
      ]);
      expect(statuses(answers)).toEqual([201, 409]);
    }
  });

  it('lets two people have the same unproven address', async () => {
    const unproven = {
      status: 'new',
      verifiable_addresses: [{ address: 'shared@example.com', type: 'email', verified: false }],
    };
    expect(await acme.post(USERS, unproven)).toMatchObject({ status: 201 });
    expect(await acme.post(USERS, unproven)).toMatchObject({ status: 201 });
  });

  it('counts exactly, however many come at once', async () => {
    await acme.post('/api/identity/acme/admin/pools', { id: 'counted', name: 'Counted' });
    const path = '/api/identity/acme/admin/pools/counted';
    const created = await Promise.all(
      Array.from({ length: 40 }, () => acme.post(`${path}/users`, { status: 'new' })),
    );
    await Promise.all(created.slice(0, 10).map(({ body }) => acme.delete(`${path}/users/${body.id}`)));
    expect(await acme.get(path)).toMatchObject({
      etag: '"1"',
      body: { number_of_users: 30, number_of_standard_users: 30, number_of_jit_users: 0 },
    });
  });
});

describe('user ids', () => {
  it('are unique over all pools, and never given twice', async () => {
    const other = '/api/identity/acme/admin/pools/strict/users';
    expect(await acme.post(USERS, { id: 'ann-1', status: 'new' })).toMatchObject({ status: 201 });
    expect(await acme.post(other, { id: 'ann-1', status: 'new' })).toMatchObject({
      status: 409,
      body: { error_code: 'id_taken' },
    });
    expect(await acme.delete(`${USERS}/ann-1`)).toMatchObject({ status: 204 });
    expect(await acme.post(USERS, { id: 'ann-1', status: 'new' })).toMatchObject({ status: 409 });
    expect(await acme.post(other, { id: 'ann-1', status: 'new' })).toMatchObject({ status: 409 });
  });
});

describe('changing a person', () => {
  it('leaves alone what is left out, and replaces what is given', async () => {
    const { body } = await acme.post(USERS, {
      status: 'active',
      payload: person('Kim'),
      metadata: { a: 1, b: { c: 2 } },
      business_metadata: { z: 1 },
    });
    const changed = await acme.put(`${USERS}/${body.id}`, { metadata: { b: { d: 3 } } });
    expect(changed).toMatchObject({
      status: 200,
      etag: '"2"',
      body: { status: 'active', payload: person('Kim'), business_metadata: { z: 1 } },
    });
    expect(changed.body.metadata).toEqual({ b: { d: 3 } });
  });

  it('changes nothing when an answer is sent back as it came', async () => {
    const { body } = await acme.post(USERS, {
      status: 'active',
      payload: person('Lee'),
      metadata: { a: [1, { b: null }] },
      identifiers: [email('lee@example.com')],
      credentials: [{ type: 'password', password: 'correct horse' }],
    });
    const again = await acme.put(`${USERS}/${body.id}`, body);
    expect(again.status).toBe(200);
    expect({ ...again.body, updated_at: body.updated_at }).toEqual(body);
  });

  it('ends their access when they stop being active, in the same transaction', async () => {
    const { body } = await acme.post(USERS, { status: 'active', payload: person('Max') });
    await server.db.knex('tokens').insert({
      tenant_id: 'acme',
      workspace_id: 'admin',
      id_hash: Buffer.from(body.id),
      model: 'RefreshToken',
      account_id: body.id,
      payload: '{}',
      expires_at: new Date(Date.now() + 60_000),
    });
    await acme.put(`${USERS}/${body.id}`, { status: 'inactive' });
    expect(await server.db.knex('tokens').where({ account_id: body.id })).toEqual([]);
  });

  it('lets one of two changes based on the same version through', async () => {
    const { body, etag } = await acme.post(USERS, { status: 'new' });
    const path = `${USERS}/${body.id}`;
    const answers = await Promise.all(
      [1, 2].map((n) => acme.put(path, { metadata: { n } }, { 'If-Match': etag })),
    );
    expect(statuses(answers)).toEqual([200, 412]);
    expect(await acme.delete(path, { 'If-Match': etag })).toMatchObject({ status: 412 });
  });
});

describe('listing people', () => {
  const PATH = '/api/identity/acme/admin/pools/listed/users';
  beforeAll(async () => {
    await acme.post('/api/identity/acme/admin/pools', { id: 'listed', name: 'Listed' });
    for (const n of [1, 2, 3, 4, 5]) {
      await acme.post(PATH, {
        id: `u${n}`,
        status: 'active',
        payload: person(`Person ${n}`),
        metadata: { even: n % 2 === 0, tags: n > 3 ? ['late', 'x'] : ['early'] },
        identifiers: [email(`p${n}_%@example.com`)],
        verifiable_addresses: [{ address: `mail${n}@example.org`, type: 'email', verified: n === 1 }],
        credentials: [{ type: 'password', password: 'correct horse' }],
      });
    }
  });
  const ids = async (query: string): Promise<string[]> => {
    const { status, body } = await acme.get(`${PATH}?${query}`);
    expect(status).toBe(200);
    return body.users.map((user: { id: string }) => user.id);
  };
  const filter = (query: object) => `query=${encodeURIComponent(JSON.stringify(query))}`;

  it('shows them flat, without credentials', async () => {
    const { body } = await acme.get(`${PATH}?limit=1`);
    expect(body.users[0]).toMatchObject({
      id: 'u1',
      identifiers: ['p1_%@example.com'],
      identifiers_with_details: [{ value: 'p1_%@example.com', type: 'email' }],
      addresses: [{ address: 'mail1@example.org', verified: true }],
      verified_addresses: ['mail1@example.org'],
    });
    expect(body.users[0]).not.toHaveProperty('credentials');
  });

  it('pages by id both ways', async () => {
    expect(await ids('limit=2')).toEqual(['u1', 'u2']);
    expect(await ids('limit=2&after_user_id=u2')).toEqual(['u3', 'u4']);
    expect(await ids('limit=2&before_user_id=u4')).toEqual(['u2', 'u3']);
    expect(await ids('limit=2&order=desc')).toEqual(['u5', 'u4']);
    expect(await ids('limit=2&order=desc&after_user_id=u4')).toEqual(['u3', 'u2']);
    expect(await ids('limit=2&order=desc&before_user_id=u2')).toEqual(['u4', 'u3']);
  });

  it('filters by name, payload and metadata, all of which must match', async () => {
    expect(await ids(filter({ user_key: 'P3_' }))).toEqual(['u3']);
    expect(await ids(filter({ user_key: '@example.com' }))).toHaveLength(5);
    expect(await ids(filter({ user_key: 'u4' }))).toEqual(['u4']);
    expect(await ids(filter({ user_key: 'mail1@' }))).toEqual(['u1']);
    expect(await ids(filter({ user_key: 'mail2@' }))).toEqual([]);
    expect(await ids(filter({ user_key: '%' }))).toEqual([]);
    expect(await ids(filter({ payload: { name: 'Person 2' } }))).toEqual(['u2']);
    expect(await ids(filter({ metadata: { tags: ['late'] } }))).toEqual(['u4', 'u5']);
    expect(await ids(filter({ metadata: { tags: ['late'], even: true } }))).toEqual(['u4']);
  });

  it.each([
    '{',
    '[]',
    '{"user_key":1}',
    '{"sql":"x"}',
    '{"user_key":"\\u0000"}',
    '{"payload":{"__proto__":1}}',
  ])('refuses the filter %s', async (query) => {
    expect(await acme.get(`${PATH}?query=${encodeURIComponent(query)}`)).toMatchObject({ status: 400 });
  });
});
