import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer, type ApiClient, type ApiServer } from '../support/api_server.ts';
import { person } from '../support/domain.ts';

let server: ApiServer;
let admin: ApiClient;
let backend: ApiClient;
const ADMIN = '/api/identity/acme/admin';
const SYSTEM = '/api/identity/acme/system';
const USERS = `${ADMIN}/pools/staff/users`;
const B2B = `${ADMIN}/b2b/pools/staff/users`;

beforeAll(async () => {
  server = await startApiServer();
  await server.createTenant('acme');
  admin = server.api('acme');
  backend = await server.system('acme', 'identity');
  await admin.post(`${ADMIN}/pools`, { id: 'staff', name: 'Staff' });
});
afterAll(() => server.stop());

const email = (identifier: string) => ({ identifier, type: 'email' });
const pointers = (answer: { body: { details: { pointer: string }[] } }) =>
  answer.body.details.map(({ pointer }) => pointer);

/** A client of the `admin` workspace with one role. */
async function roleHolder(
  level: 'workspace' | 'identity_pool',
  id: string,
  role: string,
): Promise<ApiClient> {
  const made = await admin.post('/api/admin/acme/clients', {
    authorization_server_id: 'admin',
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'client_secret_basic',
  });
  expect(made.status).toBe(201);
  const { client_id: clientId, client_secret: clientSecret } = made.body;
  await server.db.knex('role_grants').insert({
    tenant_id: 'acme',
    resource_type: level,
    resource_id: id,
    role,
    subject_type: 'client',
    subject_id: clientId,
  });
  return server.api('acme', { clientId, clientSecret });
}

describe('metadata by itself', () => {
  it.each([
    ['admin', 'metadata', 'metadata_v0'],
    ['business', 'business_metadata', undefined],
  ])('of the kind %s is read and replaced', async (kind, key, schema) => {
    const { body, etag } = await admin.post(USERS, { status: 'new', [key]: { a: 1, b: 2 } });
    const path = `${USERS}/${body.id}/metadata/${kind}`;
    const read = await admin.get(path);
    expect(read).toMatchObject({ status: 200, etag });
    expect(read.body).toEqual({ metadata: { a: 1, b: 2 }, ...(schema && { schema_id: schema }) });
    const set = await admin.put(path, { metadata: { c: 3 } }, { 'If-Match': etag });
    expect(set).toMatchObject({ status: 200, body: { metadata: { c: 3 } } });
    const after = await admin.get(`${USERS}/${body.id}`);
    expect(after.etag).toBe(set.etag);
    expect(after.body[key]).toEqual({ c: 3 });
    const other = key === 'metadata' ? 'business_metadata' : 'metadata';
    expect(after.body[other]).toEqual({});
    expect(await admin.put(path, { metadata: {} }, { 'If-Match': etag })).toMatchObject({ status: 412 });
    expect(await admin.put(path, { metadata: [] })).toMatchObject({ status: 422 });
    expect(await admin.put(path, {})).toMatchObject({ status: 422 });
    expect(await admin.put(path, { metadata: {}, schema_id: 'other' })).toMatchObject({ status: 422 });
  });

  it('of another kind is absent', async () => {
    const { body } = await admin.post(USERS, { status: 'new' });
    expect(await admin.get(`${USERS}/${body.id}/metadata/secret`)).toMatchObject({ status: 404 });
  });
});

describe('the view of delegated administrators', () => {
  it('is of the same people, without metadata in either direction', async () => {
    const created = await admin.post(B2B, {
      status: 'active',
      payload: person('Bea'),
      identifiers: [email('bea@example.com')],
      verifiable_addresses: [{ address: 'bea@example.com', type: 'email', verified: true }],
    });
    expect(created.status).toBe(201);
    const { id } = created.body;
    await admin.put(`${USERS}/${id}`, {
      metadata: { salary: 'secret' },
      business_metadata: { rank: 'secret' },
    });
    const answers = [
      await admin.get(`${B2B}/${id}`),
      await admin.get(B2B),
      await admin.put(`${B2B}/${id}`, { status: 'inactive' }),
      created,
    ];
    for (const { body } of answers) {
      expect(JSON.stringify(body)).not.toContain('secret');
      expect(JSON.stringify(body)).not.toContain('metadata_schema_id');
    }
    expect(answers[0]).toMatchObject({
      status: 200,
      body: { id, payload: person('Bea'), identifiers: [{ identifier: 'bea@example.com' }] },
    });
    expect((await admin.get(`${USERS}/${id}`)).body).toMatchObject({
      status: 'inactive',
      metadata: { salary: 'secret' },
      business_metadata: { rank: 'secret' },
    });
    for (const key of ['metadata', 'business_metadata', 'metadata_schema_id', 'user_type']) {
      const body = { status: 'new', [key]: {} };
      expect(pointers(await admin.post(B2B, body))).toContain(`/${key}`);
    }
    expect(pointers(await admin.put(`${B2B}/${id}`, { metadata: { salary: 1 } }))).toEqual(['/metadata']);
    expect(await admin.delete(`${B2B}/${id}`)).toMatchObject({ status: 204 });
    expect(await admin.get(`${USERS}/${id}`)).toMatchObject({ status: 404 });
  });

  it('does not let a filter look at metadata', async () => {
    const asked = (filter: object) => admin.get(`${B2B}?query=${encodeURIComponent(JSON.stringify(filter))}`);
    expect(await asked({ metadata: { salary: 1 } })).toMatchObject({ status: 400 });
    expect(await asked({ payload: { name: 'Nobody' } })).toMatchObject({ status: 200, body: { users: [] } });
  });

  it('takes its own answer back and changes nothing', async () => {
    const { body } = await admin.post(B2B, { status: 'active', payload: person('Cleo') });
    const again = await admin.put(`${B2B}/${body.id}`, body);
    expect({ ...again.body, updated_at: body.updated_at }).toEqual(body);
  });
});

describe('the system API', () => {
  const users = `${SYSTEM}/pools/staff/users`;

  it('creates, finds, changes and removes people', async () => {
    const created = await backend.post(users, {
      status: 'active',
      user_type: 'jit',
      payload: person('Dan'),
      identifiers: [email('dan@example.com')],
      verifiable_addresses: [{ address: 'Dan@Example.com', type: 'email', verified: true }],
    });
    expect(created).toMatchObject({ status: 201, body: { user_type: 'jit' } });
    const one = `${users}/${created.body.id}`;
    expect(await backend.get(one)).toMatchObject({ status: 200, body: created.body, etag: created.etag });
    for (const key of [{ identifier: 'dan@example.com' }, { address: 'dan@EXAMPLE.com' }]) {
      expect(await backend.post(`${users}/by_key`, key)).toMatchObject({
        status: 200,
        body: created.body,
        etag: created.etag,
      });
    }
    const changed = await backend.put(one, { metadata: { a: 1 } }, { 'If-Match': created.etag });
    expect(changed).toMatchObject({ status: 200, body: { metadata: { a: 1 }, user_type: 'jit' } });
    expect(await backend.put(one, { metadata: {} }, { 'If-Match': created.etag })).toMatchObject({
      status: 412,
    });
    const key = { identifier: 'dan@example.com' };
    expect(await backend.post(`${users}/by_key`, key, { 'If-Match': created.etag })).toMatchObject({
      status: 412,
    });
    const listed = await backend.get(`${users}?query=${encodeURIComponent('{"user_key":"dan@"}')}`);
    expect(listed.body.users).toMatchObject([{ id: created.body.id, user_type: 'jit' }]);
    const counts = async () => (await admin.get(`${ADMIN}/pools/staff`)).body.number_of_jit_users;
    expect(await counts()).toBe(1);
    expect(await backend.delete(one)).toMatchObject({ status: 204 });
    expect(await counts()).toBe(0);
    expect(await backend.get(one)).toMatchObject({ status: 404 });
  });

  it('finds nobody by an unverified address, by an address as identifier, or by what is no name', async () => {
    const { body } = await backend.post(users, {
      status: 'new',
      verifiable_addresses: [
        { address: 'unproven@example.com', type: 'email', verified: false },
        { address: 'proven@example.com', type: 'email', verified: true },
      ],
    });
    const by = (key: object) => backend.post(`${users}/by_key`, key);
    expect(await by({ address: 'unproven@example.com' })).toMatchObject({ status: 404 });
    expect(await by({ identifier: 'proven@example.com' })).toMatchObject({ status: 404 });
    expect(await by({ identifier: 'a\nb' })).toMatchObject({ status: 404 });
    expect(await by({ address: 'proven@example.com' })).toMatchObject({ status: 200, body: { id: body.id } });
    expect(await by({})).toMatchObject({ status: 422 });
    expect(await by({ identifier: 'a', address: 'b' })).toMatchObject({ status: 422 });
    expect(await by({ identifier: { $ne: 'a' } })).toMatchObject({ status: 422 });
  });

  it('may create people where administrators may not', async () => {
    const closed = { id: 'closed', name: 'Closed', admin_initiated_registration_allowed: false };
    await admin.post(`${ADMIN}/pools`, closed);
    const refused = { status: 422, body: { error_code: 'registration_not_allowed' } };
    expect(await admin.post(`${ADMIN}/pools/closed/users`, { status: 'new' })).toMatchObject(refused);
    expect(await admin.post(`${ADMIN}/b2b/pools/closed/users`, { status: 'new' })).toMatchObject(refused);
    expect(await backend.post(`${SYSTEM}/pools/closed/users`, { status: 'new' })).toMatchObject({
      status: 201,
    });
  });

  it('says a user type only in the system API', async () => {
    expect(pointers(await admin.post(USERS, { status: 'new', user_type: 'jit' }))).toEqual(['/user_type']);
    expect(pointers(await backend.post(users, { status: 'new', user_type: 'root' }))).toEqual(['/user_type']);
  });

  it('creates, lists, changes and deletes pools', async () => {
    const created = await backend.post(`${SYSTEM}/pools`, { id: 'made', name: 'Made' });
    expect(created).toMatchObject({ status: 201, body: { tenant_id: 'acme', workspace_id: '' } });
    const one = `${SYSTEM}/pools/made`;
    expect(await backend.get(one)).toMatchObject({ status: 200, body: created.body, etag: created.etag });
    const renamed = await backend.put(one, { name: 'Made again' }, { 'If-Match': created.etag });
    expect(renamed).toMatchObject({ status: 200, body: { name: 'Made again' } });
    expect(await backend.put(one, { name: 'Late' }, { 'If-Match': created.etag })).toMatchObject({
      status: 412,
    });
    const { body } = await backend.get(`${SYSTEM}/pools?search_phrase=made`);
    expect(body.pools.map(({ id }: { id: string }) => id)).toEqual(['made']);
    expect(await backend.delete(one)).toMatchObject({ status: 204 });
    expect(await backend.get(one)).toMatchObject({ status: 404 });
  });

  it('refuses a backend without the scope, and administrators', async () => {
    const other = await server.system('acme', 'identity_self_registration');
    for (const path of ['pools', 'pools/staff', 'pools/staff/users']) {
      expect(await other.get(`${SYSTEM}/${path}`)).toMatchObject({ status: 403 });
      expect(await admin.get(`${SYSTEM}/${path}`)).toMatchObject({ status: 401 });
      expect(await backend.get(`${ADMIN}/${path}`)).toMatchObject({ status: 401 });
    }
  });
});

describe('pools', () => {
  it('take the older name for codes, for the one way of sending them that they have too', async () => {
    const asked = {
      id: 'coded',
      name: 'Coded',
      authentication_mechanisms: ['password', 'sms_otp'],
      preferred_authentication_mechanism: 'otp',
      second_factor_authentication_mechanisms: ['otp'],
      second_factor_preferred_authentication_mechanism: 'otp',
    };
    expect(await admin.post(`${ADMIN}/pools`, asked)).toMatchObject({
      status: 201,
      body: {
        authentication_mechanisms: ['password', 'sms_otp'],
        preferred_authentication_mechanism: 'sms_otp',
        second_factor_authentication_mechanisms: ['email_otp', 'sms_otp'],
        second_factor_preferred_authentication_mechanism: 'email_otp',
      },
    });
  });

  it('are found by a label', async () => {
    for (const n of [1, 2]) {
      const labels = { parent: 'Partners', 'nesting/level': `${n}:x` };
      await admin.post(`${ADMIN}/pools`, { id: `partner-${n}`, name: `Partner ${n}`, labels });
    }
    const found = async (label: string) => {
      const { body } = await admin.get(`${ADMIN}/pools?label=${encodeURIComponent(label)}`);
      return body.pools.map(({ id }: { id: string }) => id);
    };
    expect(await found('parent:Partners')).toEqual(['partner-1', 'partner-2']);
    expect(await found('nesting/level:2:x')).toEqual(['partner-2']);
    expect(await found('parent:Nobody')).toEqual([]);
    expect(await admin.get(`${ADMIN}/pools?label=parent`)).toMatchObject({ status: 400 });
  });

  it('may be made in a workspace by naming it', async () => {
    await admin.post('/api/admin/acme/servers', { id: 'portal' });
    const made = await admin.post(`${ADMIN}/pools`, { id: 'owned', name: 'Owned', workspace_id: 'portal' });
    expect(made).toMatchObject({ status: 201, body: { workspace_id: 'portal' } });
    const { body } = await backend.get(`${SYSTEM}/workspace/portal/pools`);
    expect(body.pools.map(({ id }: { id: string }) => id)).toEqual(['owned']);
    expect(await admin.put(`${ADMIN}/pools/owned`, { name: 'Owned', workspace_id: '' })).toMatchObject({
      body: { workspace_id: 'portal' },
    });
    const lost = { id: 'lost', name: 'Lost', workspace_id: 'nowhere' };
    expect(await admin.post(`${ADMIN}/pools`, lost)).toMatchObject({ status: 404 });
  });
});

describe('the pools of a workspace that the caller may see', () => {
  const path = `${ADMIN}/workspace/shop/user/pools`;
  const seen = async (api: ApiClient, query = '') => {
    const answer = await api.get(path + query);
    expect(answer.status).toBe(200);
    return answer.body.pools.map(({ id }: { id: string }) => id);
  };
  beforeAll(async () => {
    await admin.post('/api/admin/acme/servers', { id: 'shop' });
    await admin.post('/api/admin/acme/servers', { id: 'elsewhere' });
    for (const id of ['shop-a', 'shop-b', 'shop-c']) {
      await admin.post(`${ADMIN}/workspace/shop/pools`, { id, name: id.replace('-', ' ') });
    }
    await admin.post(`${ADMIN}/pools`, { id: 'shared', name: 'Shared' });
    await admin.post(`${ADMIN}/pools`, { id: 'unshared', name: 'Unshared' });
    await admin.post('/api/admin/acme/servers/shop/idps/identity_pool', { identity_pool_id: 'shared' });
  });

  it('are its own and those connected to it, for a tenant administrator', async () => {
    expect(await seen(admin)).toEqual(['shared', 'shop-a', 'shop-b', 'shop-c']);
  });

  it('come in pages with a cursor', async () => {
    const first = await admin.get(`${path}?limit=3`);
    expect(first.body.pools).toHaveLength(3);
    const second = await admin.get(`${path}?limit=3&cursor=${first.body.cursor}`);
    expect(second.body.pools.map(({ id }: { id: string }) => id)).toEqual(['shop-c']);
    expect(second.body).not.toHaveProperty('cursor');
    expect((await admin.get(`${path}?limit=4`)).body).not.toHaveProperty('cursor');
    for (const query of ['cursor=%00', 'cursor=..', 'cursor=', 'limit=0', 'after_pool_id=shop-a']) {
      expect(await admin.get(`${path}?${query}`)).toMatchObject({ status: 400 });
    }
  });

  it('are those that the roles of the caller reach', async () => {
    expect(await seen(await roleHolder('identity_pool', 'shop-b', 'user_manager'))).toEqual(['shop-b']);
    expect(await seen(await roleHolder('workspace', 'shop', 'user_manager'))).toEqual([
      'shop-a',
      'shop-b',
      'shop-c',
    ]);
    expect(await seen(await roleHolder('workspace', 'elsewhere', 'admin'))).toEqual([]);
  });

  it('are nobody’s business without a role that sees pools', async () => {
    const member = await roleHolder('workspace', 'shop', 'member');
    const [here, nowhere] = [await member.get(path), await member.get(path.replace('shop', 'nowhere'))];
    expect(here).toMatchObject({ status: 403, body: { error_code: 'permission_missing' } });
    expect({ ...nowhere.body, correlation_id: '' }).toEqual({ ...here.body, correlation_id: '' });
  });
});

describe('what a body may not smuggle in (T-901, T-904, T-906)', () => {
  const bodies = [
    '{"status":"new","__proto__":{"admin":true}}',
    '{"status":"new","metadata":{"__proto__":{"admin":true}}}',
    '{"status":"new","metadata":{"a":{"constructor":{"prototype":{"admin":true}}}}}',
    '{"status":"new","status":"active"}',
  ];
  it.each(bodies)('refuses %s everywhere', async (text) => {
    const { body } = await admin.post(USERS, { status: 'new' });
    const targets: readonly (readonly [ApiClient, 'post' | 'put', string])[] = [
      [admin, 'post', USERS],
      [admin, 'put', `${USERS}/${body.id}`],
      [admin, 'post', B2B],
      [admin, 'put', `${B2B}/${body.id}`],
      [backend, 'post', `${SYSTEM}/pools/staff/users`],
      [backend, 'post', `${SYSTEM}/pools/staff/users/by_key`],
      [admin, 'put', `${USERS}/${body.id}/metadata/admin`],
      [admin, 'post', `${USERS}/${body.id}/identifiers/add`],
      [admin, 'post', `${USERS}/${body.id}/addresses/add`],
      [admin, 'post', `${ADMIN}/pools`],
    ];
    for (const [api, method, path] of targets) {
      const answer = await api[method](path, text);
      expect([400, 422], `${method} ${path}`).toContain(answer.status);
    }
    const after = await admin.get(`${USERS}/${body.id}`);
    expect(after.body).toEqual(body);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('ignores what only the server sets', async () => {
    const { body } = await admin.post(USERS, { status: 'new' });
    const lies = {
      id: 'other',
      tenant_id: 'default',
      user_pool_id: 'other',
      created_at: '2000-01-01T00:00:00Z',
      updated_at: '2000-01-01T00:00:00Z',
      status_updated_at: '2000-01-01T00:00:00Z',
      identifiers: [{ identifier: 'root@example.com', type: 'email' }],
      verifiable_addresses: [{ address: 'root@example.com', verified: true }],
      credentials: [{ type: 'password', state: 'valid', payload: { hashed_password: 'x' } }],
    };
    const { body: after } = await admin.put(`${USERS}/${body.id}`, lies);
    expect({ ...after, updated_at: body.updated_at }).toEqual(body);
  });

  it.each([
    ['too deep', { a: Array.from({ length: 20 }).reduce((inner) => ({ inner }), {}) }],
    ['too many keys', Object.fromEntries(Array.from({ length: 600 }, (_, n) => [`k${n}`, n]))],
    ['too large', { a: 'x'.repeat(70_000) }],
  ])('refuses metadata that is %s', async (_, metadata) => {
    const { body } = await admin.post(USERS, { status: 'new' });
    for (const kind of ['admin', 'business']) {
      const refused = await admin.put(`${USERS}/${body.id}/metadata/${kind}`, { metadata });
      expect(refused).toMatchObject({ status: 422 });
      expect(pointers(refused)).toEqual(['/metadata']);
      expect(refused.body.error).not.toContain('business');
    }
    expect(await backend.put(`${SYSTEM}/pools/staff/users/${body.id}`, { metadata })).toMatchObject({
      status: 422,
    });
  });
});
