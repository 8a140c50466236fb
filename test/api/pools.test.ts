import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer, statuses, type ApiClient, type ApiServer } from '../support/api_server.ts';

let server: ApiServer;
let acme: ApiClient;
const POOLS = '/api/identity/acme/admin/pools';

beforeAll(async () => {
  server = await startApiServer();
  await server.createTenant('acme');
  acme = server.api('acme');
});
afterAll(() => server.stop());

describe('creating a pool', () => {
  it('stores every default, resolved', async () => {
    const created = await acme.post(POOLS, { name: 'Customers' });
    expect(created.status).toBe(201);
    expect(created.etag).toBe('"1"');
    expect(created.body).toMatchObject({
      tenant_id: 'acme',
      workspace_id: '',
      name: 'Customers',
      payload_schema_id: 'user_v0',
      metadata_schema_id: 'metadata_v0',
      authentication_mechanisms: ['password'],
      public_registration_allowed: false,
      admin_initiated_registration_allowed: true,
      password_policy: { strength: 'fair', min_length: 8, digits: 0, not_used_since: 0 },
      password_settings: { hashing_method: 'argon2', expires_after: '0s' },
      otp_settings: { activation: { length: 6, ttl: '24h0m0s' }, challenge: { length: 6, ttl: '5m0s' } },
      number_of_users: 0,
    });
    const stored = await server.db.knex('pools').where({ pool_id: created.body.id }).first('otp_settings');
    expect(stored).toMatchObject({ otp_settings: { verify_address: { length: 6, ttlSeconds: 3600 } } });
  });

  it('keeps what is chosen, and splits the older name of the code mechanisms', async () => {
    const { status, body } = await acme.post(POOLS, {
      id: 'partners',
      name: 'Partners',
      authentication_mechanisms: ['password', 'otp'],
      preferred_authentication_mechanism: 'password',
      mfa_session_ttl: '24h',
      password_policy: { strength: 'strong', min_length: 12, digits: 1 },
      otp_settings: { activation: { length: 8, ttl: '72h' } },
      labels: { parent: 'external' },
      metadata: { owner: { team: 'sales' } },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      id: 'partners',
      authentication_mechanisms: ['password', 'email_otp', 'sms_otp'],
      mfa_session_ttl: '24h0m0s',
      password_policy: { strength: 'strong', min_length: 12, digits: 1, capital_letters: 0 },
      otp_settings: { activation: { length: 8, ttl: '72h0m0s' }, challenge: { length: 6, ttl: '5m0s' } },
      labels: { parent: 'external' },
    });
  });

  it.each([
    ['/name', { name: ' .hidden' }],
    ['/name', { name: 'a\nb' }],
    ['/name', {}],
    ['/password_policy/min_length', { name: 'x', password_policy: { min_length: 4 } }],
    ['/password_policy/not_used_since', { name: 'x', password_policy: { not_used_since: 25 } }],
    ['/password_settings/hashing_method', { name: 'x', password_settings: { hashing_method: 'sha' } }],
    ['/password_settings/expires_after', { name: 'x', password_settings: { expires_after: '87601h' } }],
    ['/mfa_session_ttl', { name: 'x', mfa_session_ttl: '999999999999h' }],
    ['/otp_settings/challenge/length', { name: 'x', otp_settings: { challenge: { length: 3 } } }],
    ['/otp_settings/challenge/ttl', { name: 'x', otp_settings: { challenge: { ttl: '200h' } } }],
    ['/otp_settings/challenge/ttl', { name: 'x', otp_settings: { challenge: { ttl: '1.5s' } } }],
    ['/preferred_authentication_mechanism', { name: 'x', preferred_authentication_mechanism: 'totp' }],
    ['/authentication_mechanisms', { name: 'x', authentication_mechanisms: [] }],
    ['/authentication_mechanisms/0', { name: 'x', authentication_mechanisms: ['voice'] }],
    ['/payload_schema_id', { name: 'x', payload_schema_id: 'nobody_knows' }],
    ['/colour', { name: 'x', colour: 'red' }],
    ['/second_factor_threshold', { name: 'x', second_factor_threshold: 2 }],
  ])('refuses %s', async (pointer, body) => {
    const refused = await acme.post(POOLS, body);
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ status_code: 422, error: expect.any(String) as string });
    expect(refused.body.details.map((issue: { pointer: string }) => issue.pointer)).toContain(pointer);
  });

  it('names every problem at once', async () => {
    const { body } = await acme.post(POOLS, {
      name: '-',
      password_policy: { min_length: 1 },
      otp_settings: { challenge: { length: 99 } },
    });
    expect(body.details).toHaveLength(3);
  });

  it('gives a name and an id once, in any case', async () => {
    await acme.post(POOLS, { name: 'Unique', id: 'unique' });
    expect(await acme.post(POOLS, { name: 'UNIQUE' })).toMatchObject({
      status: 409,
      body: { error_code: 'name_taken' },
    });
    expect(await acme.post(POOLS, { name: 'Other', id: 'unique' })).toMatchObject({
      status: 409,
      body: { error_code: 'id_taken' },
    });
  });

  it('lets one of 50 at the same moment have the name', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => acme.post(POOLS, { name: 'Race' })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49);
  });
});

describe('reading pools', () => {
  it('gives one pool, and 404 for one that is not there', async () => {
    const { body } = await acme.post(POOLS, { name: 'Readable' });
    expect(await acme.get(`${POOLS}/${body.id}`)).toMatchObject({ status: 200, body, etag: '"1"' });
    const stale = { 'If-Match': 'anything' };
    expect(await acme.get(`${POOLS}/${body.id}`, stale)).toMatchObject({ status: 200, body });
    expect(await acme.get(`${POOLS}/nowhere`)).toMatchObject({ status: 404, body: { status_code: 404 } });
  });

  it('pages by id and by name, both ways', async () => {
    await server.createTenant('pager');
    const pager = server.api('pager');
    const path = '/api/identity/pager/admin/pools';
    for (const [id, name] of [
      ['p1', 'Delta'],
      ['p2', 'Alpha'],
      ['p3', 'Charlie'],
      ['p4', 'Bravo'],
    ]) {
      await pager.post(path, { id, name });
    }
    const ids = async (query: string): Promise<string[]> => {
      const { body } = await pager.get(`${path}?search_phrase=a&${query}`);
      return body.pools.map((pool: { id: string }) => pool.id).filter((id: string) => id.startsWith('p'));
    };
    expect(await ids('sort=id')).toEqual(['p1', 'p2', 'p3', 'p4']);
    expect(await ids('sort=id&limit=2&after_pool_id=p1')).toEqual(['p2', 'p3']);
    expect(await ids('sort=id&limit=2&before_pool_id=p4')).toEqual(['p2', 'p3']);
    expect(await ids('sort=id&order=desc&limit=2&after_pool_id=p4')).toEqual(['p3', 'p2']);
    expect(await ids('sort=name&limit=2&after_pool_id=p2')).toEqual(['p4', 'p3']);
    expect(await ids('sort=name&limit=2&before_pool_id=p1')).toEqual(['p4', 'p3']);
    expect(await pager.get(`${path}?search_phrase=alp`)).toMatchObject({ body: { pools: [{ id: 'p2' }] } });
    expect(await pager.get(`${path}?search_phrase=%25`)).toMatchObject({ body: { pools: [] } });
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=x',
    'limit=1&limit=2',
    'sort=name;drop',
    'order=up',
    'after_pool_id=a&before_pool_id=b',
    'after_pool_id=a%00',
    'after_pool_id=%ff',
    'unknown=1',
  ])('refuses the query %s', async (query) => {
    expect(await acme.get(`${POOLS}?${query}`)).toMatchObject({ status: 400, body: { status_code: 400 } });
  });
});

describe('updating a pool', () => {
  it('changes nothing when an answer is sent back as it came', async () => {
    const { body } = await acme.post(POOLS, {
      name: 'Round trip',
      authentication_mechanisms: ['password', 'totp'],
      second_factor_authentication_mechanisms: ['totp'],
      second_factor_threshold: 0.5,
      mfa_session_ttl: '1h',
      public_registration_allowed: true,
      identifier_case_insensitive: true,
      admin_initiated_registration_allowed: false,
      business_metadata_schema_id: 'metadata_v0',
      labels: { a: 'b' },
      password_policy: { min_length: 10 },
      reset_credentials_settings: { do_not_allow_users_to_self_reset_credentials: true },
    });
    const again = await acme.put(`${POOLS}/${body.id}`, body);
    expect(again).toMatchObject({ status: 200, etag: '"2"' });
    expect(again.body).toEqual(body);
  });

  it('puts defaults in place of what is left out, but keeps what was resolved at creation', async () => {
    const { body } = await acme.post(POOLS, {
      name: 'Replaced',
      description: 'old',
      public_registration_allowed: true,
      password_policy: { min_length: 20 },
      labels: { a: 'b' },
    });
    const updated = await acme.put(`${POOLS}/${body.id}`, { name: 'Replaced' });
    expect(updated.body).toMatchObject({
      description: '',
      public_registration_allowed: false,
      password_policy: { min_length: 20 },
      labels: { a: 'b' },
    });
  });

  it('lets one of two changes based on the same version through', async () => {
    const { body, etag } = await acme.post(POOLS, { name: 'Contended' });
    const path = `${POOLS}/${body.id}`;
    const answers = await Promise.all(
      ['one', 'two'].map((description) =>
        acme.put(path, { name: 'Contended', description }, { 'If-Match': etag }),
      ),
    );
    expect(statuses(answers)).toEqual([200, 412]);
    expect(await acme.delete(path, { 'If-Match': etag })).toMatchObject({ status: 412 });
    expect(await acme.delete(path, { 'If-Match': 'W/"2"' })).toMatchObject({ status: 412 });
    expect(await acme.delete(path, { 'If-Match': '2' })).toMatchObject({ status: 400 });
    expect(await acme.delete(path, { 'If-Match': '"9", "2"' })).toMatchObject({ status: 204 });
  });

  it('refuses to ignore case while two people would share a name, and says which', async () => {
    const { body } = await acme.post(POOLS, { name: 'Cases' });
    for (const identifier of ['Ann', 'ann', 'bob']) {
      const user = { status: 'new', identifiers: [{ identifier, type: 'uid' }] };
      expect(await acme.post(`${POOLS}/${body.id}/users`, user)).toMatchObject({ status: 201 });
    }
    const change = { name: 'Cases', identifier_case_insensitive: true };
    const refused = await acme.put(`${POOLS}/${body.id}`, change);
    expect(refused).toMatchObject({ status: 409, body: { error_code: 'identifiers_clash' } });
    expect(refused.body.details[0].message).toMatch(/ann, Ann|Ann, ann/);
    const { body: list } = await acme.get(`${POOLS}/${body.id}/users?query={"user_key":"Ann"}`);
    for (const { id, identifiers } of list.users) {
      if (identifiers[0] === 'ann') await acme.delete(`${POOLS}/${body.id}/users/${id}`);
    }
    expect(await acme.put(`${POOLS}/${body.id}`, change)).toMatchObject({ status: 200 });
    const shouted = { status: 'new', identifiers: [{ identifier: 'BOB', type: 'uid' }] };
    expect(await acme.post(`${POOLS}/${body.id}/users`, shouted)).toMatchObject({ status: 409 });
  });
});

describe('deleting a pool', () => {
  it('frees the name at once and hides everything in it', async () => {
    const { body } = await acme.post(POOLS, { name: 'Doomed' });
    const user = await acme.post(`${POOLS}/${body.id}/users`, { status: 'new' });
    expect(await acme.delete(`${POOLS}/${body.id}`)).toMatchObject({ status: 204, body: undefined });
    expect(await acme.get(`${POOLS}/${body.id}`)).toMatchObject({ status: 404 });
    expect(await acme.get(`${POOLS}/${body.id}/users/${user.body.id}`)).toMatchObject({ status: 404 });
    expect(await acme.delete(`${POOLS}/${body.id}`)).toMatchObject({ status: 404 });
    expect(await acme.post(POOLS, { name: 'Doomed' })).toMatchObject({ status: 201 });
    expect(await server.domain.pools.purge()).toBeGreaterThan(0);
    expect(await server.db.knex('users').where({ user_id: user.body.id })).toEqual([]);
    expect(await server.db.knex('user_ids').where({ user_id: user.body.id })).toHaveLength(1);
  });

  it('is refused while a connection lets its people in, unless that goes too', async () => {
    const { body } = await acme.post(POOLS, { name: 'Connected' });
    await acme.post('/api/admin/acme/servers', { id: 'shop' });
    const connection = await acme.post('/api/admin/acme/servers/shop/idps/identity_pool', {
      identity_pool_id: body.id,
    });
    expect(connection).toMatchObject({ status: 201 });
    expect(await acme.delete(`${POOLS}/${body.id}`)).toMatchObject({
      status: 409,
      body: { error_code: 'pool_in_use' },
    });
    expect(await acme.delete(`${POOLS}/${body.id}?with_idp=true`)).toMatchObject({ status: 204 });
    expect(await acme.get('/api/admin/acme/servers/shop/idps')).toMatchObject({ body: { idps: [] } });
  });

  it('is refused for the pool of administrators', async () => {
    const { body } = await acme.get(`${POOLS}?search_phrase=Administrators`);
    expect(await acme.delete(`${POOLS}/${body.pools[0].id}?with_idp=true`)).toMatchObject({
      status: 403,
      body: { error_code: 'system_pool' },
    });
  });
});

describe('pools of a workspace', () => {
  const OWN = '/api/identity/acme/admin/workspace/portal/pools';

  it('belong to it, are listed there, and connect nowhere else', async () => {
    await acme.post('/api/admin/acme/servers', { id: 'portal' });
    await acme.post('/api/admin/acme/servers', { id: 'other' });
    const created = await acme.post(`${OWN}?with_idp=true`, { name: 'Portal people' });
    expect(created).toMatchObject({ status: 201, body: { workspace_id: 'portal' } });
    expect(await acme.get(OWN)).toMatchObject({ status: 200, body: { pools: [{ id: created.body.id }] } });
    expect(await acme.get('/api/admin/acme/servers/portal/idps')).toMatchObject({
      body: { idps: [{ identity_pool_id: created.body.id, name: 'Portal people' }] },
    });
    expect(
      await acme.post('/api/admin/acme/servers/other/idps/identity_pool', {
        identity_pool_id: created.body.id,
      }),
    ).toMatchObject({ status: 422, body: { details: [{ pointer: '/identity_pool_id' }] } });
    // The same name is free at the tenant and in other workspaces.
    expect(await acme.post(POOLS, { name: 'Portal people' })).toMatchObject({ status: 201 });
    expect(await acme.post(OWN, { name: 'Portal people' })).toMatchObject({ status: 409 });
  });

  it('are deleted through the path of their own workspace only', async () => {
    const own = await acme.post(OWN, { name: 'Mine' });
    const elsewhere = `/api/identity/acme/admin/workspace/other/pools/${own.body.id}`;
    expect(await acme.delete(elsewhere)).toMatchObject({ status: 404 });
    expect(await acme.delete(`${OWN}/${own.body.id}`)).toMatchObject({ status: 204 });
  });

  it('need a workspace that is there', async () => {
    const ghost = '/api/identity/acme/admin/workspace/ghost/pools';
    expect(await acme.get(ghost)).toMatchObject({ status: 404 });
    expect(await acme.post(ghost, { name: 'Lost' })).toMatchObject({ status: 404 });
  });
});
