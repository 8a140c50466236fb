import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer, type ApiClient, type ApiServer } from '../support/api_server.ts';

let server: ApiServer;
let acme: ApiClient;
const SERVERS = '/api/admin/acme/servers';
const CLIENTS = '/api/admin/acme/clients';
const IDPS = `${SERVERS}/shop/idps`;

beforeAll(async () => {
  server = await startApiServer();
  await server.createTenant('acme');
  acme = server.api('acme');
  await acme.post(SERVERS, { id: 'shop' });
});
afterAll(() => server.stop());

const pointers = (answer: { body: { details: { pointer: string }[] } }) =>
  answer.body.details.map((issue) => issue.pointer);

describe('workspaces', () => {
  it('come with defaults and two keys of their own', async () => {
    const created = await acme.post(SERVERS, { id: 'fresh' });
    expect(created).toMatchObject({
      status: 201,
      etag: '"1"',
      body: {
        id: 'fresh',
        name: 'fresh',
        type: 'regular',
        issuer_url: `${server.url}/acme/fresh`,
        authorization_code_ttl: '1m0s',
        access_token_ttl: '1h0m0s',
        refresh_token_ttl: '720h0m0s',
        enforce_pkce: true,
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      },
    });
    const keys = await server.db
      .knex('signing_keys')
      .where({ tenant_id: 'acme', workspace_id: 'fresh' })
      .orderBy('alg')
      .select('alg', 'public_jwk', 'private_jwk_sealed');
    expect(keys.map(({ alg }: { alg: string }) => alg)).toEqual(['ES256', 'RS256']);
    for (const key of keys as { public_jwk: object; private_jwk_sealed: string }[]) {
      expect(key.public_jwk).toMatchObject({ use: 'sig', kid: expect.any(String) as string });
      expect(key.public_jwk).not.toHaveProperty('d');
      expect(key.private_jwk_sealed).toMatch(/^v1\./);
    }
  });

  it('change nothing when an answer is sent back as it came', async () => {
    const { body } = await acme.post(SERVERS, {
      id: 'tuned',
      name: 'Tuned',
      access_token_ttl: '10m',
      cookie_max_age: '1h30m',
      authentication_mechanisms: ['password'],
      access_token_strategy: 'jwt',
      key_type: 'ecdsa',
      metadata: { a: 1 },
    });
    const again = await acme.put(`${SERVERS}/tuned`, body);
    expect(again).toMatchObject({ status: 200, etag: '"2"' });
    expect(again.body).toEqual(body);
  });

  it.each([
    ['/id', { id: 'identity' }],
    ['/id', { id: 'Upper' }],
    ['/access_token_ttl', { access_token_ttl: '1000h' }],
    ['/access_token_ttl', { access_token_ttl: -1 }],
    ['/refresh_token_ttl', { refresh_token_ttl: '10m' }],
    ['/enforce_pkce_for_public_clients', { enforce_pkce_for_public_clients: false }],
    ['/grant_types/0', { grant_types: ['password'] }],
    ['/grant_types', { grant_types: ['refresh_token'] }],
    ['/key_type', { key_type: 'eddsa' }],
    ['/type', { type: 'admin' }],
    ['/dynamic_client_registration', { dynamic_client_registration: {} }],
  ])('refuse %s', async (pointer, body) => {
    const refused = await acme.post(SERVERS, body);
    expect(refused.status).toBe(422);
    expect(pointers(refused)).toContain(pointer);
  });

  it('are listed and searched', async () => {
    const ids = async (query: string) => {
      const { body } = await acme.get(`${SERVERS}?${query}`);
      return body.servers.map((one: { id: string }) => one.id);
    };
    expect(await ids('server_types=admin,system')).toEqual(['admin', 'system']);
    expect(await ids('search_phrase=TUN')).toEqual(['tuned']);
    expect(await ids('limit=1&after_server_id=admin')).toEqual(['fresh']);
  });

  it('go with their clients and pools, and leave nothing that answers', async () => {
    await acme.post(SERVERS, { id: 'brief' });
    const pool = await acme.post('/api/identity/acme/admin/workspace/brief/pools?with_idp=true', {
      name: 'Brief people',
    });
    const client = await acme.post(CLIENTS, {
      authorization_server_id: 'brief',
      redirect_uris: ['https://app.example/cb'],
    });
    expect(await acme.delete(`${SERVERS}/brief`, { 'If-Match': '"7"' })).toMatchObject({ status: 412 });
    expect(await acme.delete(`${SERVERS}/brief`)).toMatchObject({ status: 204 });
    for (const path of [
      `${SERVERS}/brief`,
      `${SERVERS}/brief/clients`,
      `${SERVERS}/brief/idps`,
      `${CLIENTS}/${client.body.client_id}`,
      `/api/identity/acme/admin/pools/${pool.body.id}`,
    ]) {
      expect(await acme.get(path)).toMatchObject({ status: 404 });
    }
    expect(await server.domain.pools.purge()).toBe(1);
  });

  it('that are built in stay', async () => {
    for (const id of ['admin', 'system']) {
      expect(await acme.delete(`${SERVERS}/${id}`)).toMatchObject({ status: 403 });
    }
  });
});

describe('clients', () => {
  const web = { authorization_server_id: 'shop', redirect_uris: ['https://app.example/cb'] };

  it('get a secret that is shown once and stored as a hash', async () => {
    const created = await acme.post(CLIENTS, { ...web, client_name: 'Shop' });
    expect(created).toMatchObject({
      status: 201,
      body: {
        client_name: 'Shop',
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['authorization_code'],
        response_types: ['code'],
        enforce_pkce: true,
        trusted: false,
      },
    });
    const { client_id: id, client_secret: secret } = created.body;
    expect(secret).toMatch(/^[\w-]{43}$/);
    const read = await acme.get(`${CLIENTS}/${id}`);
    expect(read.body).not.toHaveProperty('client_secret');
    const row = await server.db
      .knex('clients')
      .where({ client_id: id })
      .first('secret_hash', 'secret_sealed');
    expect(row).toMatchObject({ secret_hash: expect.stringMatching(/^h1\./) as string, secret_sealed: null });
    expect(JSON.stringify(row)).not.toContain(secret);
  });

  it('keep the secret sealed instead where the protocol needs the clear text', async () => {
    const created = await acme.post(CLIENTS, {
      ...web,
      token_endpoint_auth_method: 'client_secret_jwt',
      token_endpoint_auth_signing_alg: 'HS256',
      client_secret: 's'.repeat(32),
    });
    expect(created).toMatchObject({ status: 201, body: { client_secret: 's'.repeat(32) } });
    const row = await server.db.knex('clients').where({ client_id: created.body.client_id }).first();
    expect(row).toMatchObject({ secret_hash: null, secret_sealed: expect.stringMatching(/^v1\./) as string });
  });

  it('change nothing when an answer is sent back as it came', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { body } = await acme.post(CLIENTS, {
      ...web,
      client_name: 'Round trip',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig' }] },
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      post_logout_redirect_uris: ['https://app.example/bye'],
      scope: 'openid orders:read',
      id_token_signed_response_alg: 'ES256',
      logo_uri: 'https://app.example/logo.png',
      trusted: true,
      enforce_pkce: false,
      metadata: { a: 1 },
    });
    const again = await acme.put(`${CLIENTS}/${body.client_id}`, body);
    expect(again).toMatchObject({ status: 200, etag: '"2"' });
    expect({ ...again.body, updated_at: body.updated_at }).toEqual(body);
  });

  it('keep their secret through an update, and get another when one is given', async () => {
    const { body } = await acme.post(CLIENTS, web);
    const path = `${CLIENTS}/${body.client_id}`;
    const hash = async () =>
      (await server.db.knex('clients').where({ client_id: body.client_id }).first('secret_hash')).secret_hash;
    const before: unknown = await hash();
    const renamed = await acme.put(path, { ...web, client_name: 'Renamed' });
    expect(renamed.body).toMatchObject({ client_name: 'Renamed' });
    expect(renamed.body).not.toHaveProperty('client_secret');
    expect(await hash()).toBe(before);
    await acme.put(path, { ...web, client_secret: 'n'.repeat(40) });
    expect(await hash()).not.toBe(before);
    const published = await acme.put(path, { ...web, token_endpoint_auth_method: 'none' });
    expect(published.status).toBe(200);
    expect(await hash()).toBeNull();
  });

  it.each([
    'http://app.example/cb',
    'https://app.example/cb#here',
    'https://*.app.example/cb',
    'https://user@app.example/cb',
    'https://:pw@app.example/cb',
    'https://@app.example/cb',
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    '\u0001javascript:alert(1)',
    'java\tscript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'com.example.app:/cb',
    'https://app.example\\@evil.example/cb',
    'https:///',
    'https:app.example/cb',
    'https:/app.example/cb',
    'https:////app.example/cb',
    '/cb',
    'ftp://app.example/cb',
    'http://localhost.evil.example/cb',
    'http://127.0.0.1.evil.example/cb',
  ])('refuse the redirect URI %j', async (uri) => {
    const refused = await acme.post(CLIENTS, { ...web, redirect_uris: [uri] });
    expect(refused.status).toBe(422);
    expect(pointers(refused)).toEqual(['/redirect_uris/0']);
    expect(await acme.post(CLIENTS, { ...web, post_logout_redirect_uris: [uri] })).toMatchObject({
      status: 422,
    });
  });

  it.each([
    'http://localhost:3000/cb',
    'http://127.0.0.1/cb',
    'http://[::1]:8/cb',
    'https://a.example/cb?x=1',
  ])('accept the redirect URI %s', async (uri) => {
    expect(await acme.post(CLIENTS, { ...web, redirect_uris: [uri] })).toMatchObject({ status: 201 });
  });

  it('accept a private-use scheme for native applications only', async () => {
    const native = {
      authorization_server_id: 'shop',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['com.example.app:/cb'],
    };
    expect(await acme.post(CLIENTS, native)).toMatchObject({
      status: 201,
      body: { application_types: ['mobile_desktop'] },
    });
    for (const uri of ['javascript:alert(1)', 'myapp:/cb', 'data:text/html,x', 'http://app.example/cb']) {
      expect(await acme.post(CLIENTS, { ...native, redirect_uris: [uri] })).toMatchObject({ status: 422 });
    }
  });

  it.each([
    ['/redirect_uris', { redirect_uris: [] }],
    ['/grant_types', { grant_types: ['refresh_token'], response_types: [] }],
    ['/grant_types', { grant_types: [], response_types: [] }],
    ['/grant_types/0', { grant_types: ['password'] }],
    ['/grant_types', { grant_types: ['client_credentials'], token_endpoint_auth_method: 'none' }],
    ['/response_types', { response_types: [] }],
    ['/response_types', { grant_types: ['client_credentials'], response_types: ['code'] }],
    ['/response_types/0', { response_types: ['token'] }],
    ['/enforce_pkce', { token_endpoint_auth_method: 'none', enforce_pkce: false }],
    ['/client_secret', { client_secret: 'short' }],
    ['/client_secret', { token_endpoint_auth_method: 'none', client_secret: 'x'.repeat(40) }],
    ['/jwks', { token_endpoint_auth_method: 'private_key_jwt' }],
    ['/jwks', { jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }],
    ['/id_token_signed_response_alg', { id_token_signed_response_alg: 'none' }],
    ['/id_token_signed_response_alg', { id_token_signed_response_alg: 'HS256' }],
    ['/token_endpoint_auth_signing_alg', { token_endpoint_auth_signing_alg: 'HS256' }],
    ['/logo_uri', { logo_uri: 'javascript:alert(1)' }],
    ['/backchannel_logout_uri', { backchannel_logout_uri: 'https://app.example/#x' }],
    ['/scope', { scope: 'openid', scopes: ['openid', 'email'] }],
    ['/scopes', { scopes: ['two words'] }],
    ['/token_ttls/access_token_ttl', { use_custom_token_ttls: true, token_ttls: { access_token_ttl: '1s' } }],
    [
      '/token_ttls/refresh_token_ttl',
      { use_custom_token_ttls: true, token_ttls: { refresh_token_ttl: '6m' } },
    ],
    ['/default_acr_values', { default_acr_values: ['silver'] }],
    ['/subject_type', { subject_type: 'pairwise' }],
    ['/sector_identifier_uri', { sector_identifier_uri: 'http://localhost/sector.json' }],
    ['/software_statement', { software_statement: 'x' }],
    ['/authorization_server_id', { authorization_server_id: 5 }],
  ])('refuse %s', async (pointer, extra) => {
    const refused = await acme.post(CLIENTS, { ...web, ...extra });
    expect(refused.status).toBe(422);
    expect(pointers(refused)).toContain(pointer);
  });

  it('refuse what their workspace does not offer, and a workspace that is not there', async () => {
    await acme.post(SERVERS, { id: 'people-only', grant_types: ['authorization_code'] });
    const machine = { authorization_server_id: 'people-only', grant_types: ['client_credentials'] };
    expect(await acme.post(CLIENTS, machine)).toMatchObject({ status: 422 });
    expect(await acme.post(CLIENTS, { ...web, authorization_server_id: 'ghost' })).toMatchObject({
      status: 404,
    });
  });

  it('are unique in the tenant, stay in their workspace, and are listed there', async () => {
    await acme.post(SERVERS, { id: 'second' });
    const mine = { ...web, client_id: 'mine', authorization_server_id: 'second' };
    expect(await acme.post(CLIENTS, mine)).toMatchObject({ status: 201 });
    expect(await acme.post(CLIENTS, { ...web, client_id: 'mine' })).toMatchObject({ status: 409 });
    expect(await acme.put(`${CLIENTS}/mine`, web)).toMatchObject({ status: 422 });
    expect(await acme.get(`${SERVERS}/second/clients`)).toMatchObject({
      status: 200,
      body: { clients: [{ client_id: 'mine' }] },
    });
    expect(await acme.get(`${SERVERS}/second/clients?search_phrase=nothing`)).toMatchObject({
      body: { clients: [] },
    });
  });

  it('are disabled and deleted, ending what was issued to them', async () => {
    const { body } = await acme.post(CLIENTS, web);
    const path = `${CLIENTS}/${body.client_id}`;
    const issue = async () =>
      server.db.knex('tokens').insert({
        tenant_id: 'acme',
        workspace_id: 'shop',
        id_hash: Buffer.from(String(Math.random())),
        model: 'RefreshToken',
        client_id: body.client_id,
        payload: '{}',
        expires_at: new Date(Date.now() + 60_000),
      });
    const issued = async () => server.db.knex('tokens').where({ client_id: body.client_id });
    await issue();
    expect(await acme.put(path, { ...web, client_status: 'inactive' })).toMatchObject({
      status: 200,
      body: { client_status: 'inactive' },
    });
    expect(await issued()).toEqual([]);
    await issue();
    expect(await acme.delete(path, { 'If-Match': '"1"' })).toMatchObject({ status: 412 });
    expect(await acme.delete(path)).toMatchObject({ status: 204 });
    expect(await issued()).toEqual([]);
    expect(await acme.get(path)).toMatchObject({ status: 404 });
  });

  it('that manage a tenant stay', async () => {
    const { body } = await acme.get(`${SERVERS}/admin/clients`);
    expect(await acme.delete(`${CLIENTS}/${body.clients[0].client_id}`)).toMatchObject({ status: 403 });
  });
});

describe('connections', () => {
  it('let a pool in, once per workspace', async () => {
    await acme.post('/api/identity/acme/admin/pools', { id: 'people', name: 'People' });
    const created = await acme.post(`${IDPS}/identity_pool`, { identity_pool_id: 'people' });
    expect(created).toMatchObject({
      status: 201,
      etag: '"1"',
      body: {
        authorization_server_id: 'shop',
        workspace_id: 'shop',
        identity_pool_id: 'people',
        method: 'identity_pool',
        version: 3,
        name: 'People',
        disabled: false,
      },
    });
    expect(created.body.mappings).toContainEqual({
      mode: 'dynamic',
      source: 'email',
      target: 'email',
      type: 'string',
    });
    expect(await acme.post(`${IDPS}/identity_pool`, { identity_pool_id: 'people' })).toMatchObject({
      status: 409,
      body: { error_code: 'already_connected' },
    });
    const path = `${IDPS}/identity_pool/${created.body.id}`;
    expect(await acme.get(path)).toMatchObject({ status: 200, body: created.body });
    expect(await acme.get(IDPS)).toMatchObject({ body: { idps: [created.body] } });
    expect(await acme.get('/api/admin/acme/pools/people/idps')).toMatchObject({
      body: { idps: [created.body] },
    });
    const again = await acme.put(path, created.body);
    expect(again).toMatchObject({ status: 200, etag: '"2"' });
    expect(again.body).toEqual(created.body);
    expect(await acme.put(path, { disabled: true }, { 'If-Match': '"1"' })).toMatchObject({ status: 412 });
    expect(await acme.put(path, { disabled: true })).toMatchObject({
      status: 200,
      body: { disabled: true, name: 'People' },
    });
    expect(await acme.delete(`${IDPS}/${created.body.id}`)).toMatchObject({ status: 204 });
    expect(await acme.get(path)).toMatchObject({ status: 404 });
  });

  it.each([
    ['/identity_pool_id', {}],
    ['/identity_pool_id', { identity_pool_id: 'ghost' }],
    ['/display_order', { identity_pool_id: 'people', display_order: -1 }],
    ['/display_order', { identity_pool_id: 'people', display_order: 2 ** 40 }],
    ['/logo_uri', { identity_pool_id: 'people', logo_uri: 'javascript:alert(1)' }],
    ['/discovery_settings/domains', { identity_pool_id: 'people', discovery_settings: { domains: ['*'] } }],
    ['/jit', { identity_pool_id: 'people', jit: {} }],
    ['/mappings/0/type', { identity_pool_id: 'people', mappings: [{ source: 'a', target: 'b', type: 'c' }] }],
  ])('refuse %s', async (pointer, body) => {
    const refused = await acme.post(`${IDPS}/identity_pool`, body);
    expect(refused.status).toBe(422);
    expect(pointers(refused)).toContain(pointer);
  });

  it('never change their pool', async () => {
    await acme.post('/api/identity/acme/admin/pools', { id: 'others', name: 'Others' });
    const { body } = await acme.post(`${IDPS}/identity_pool`, { identity_pool_id: 'people' });
    const path = `${IDPS}/identity_pool/${body.id}`;
    expect(await acme.put(path, { identity_pool_id: 'others' })).toMatchObject({ status: 422 });
  });

  it('announce every change of a connected pool to the workspace', async () => {
    const version = async () => {
      const key = { tenant_id: 'acme', workspace_id: 'shop' };
      const row: unknown = await server.db.knex('workspaces').where(key).first('config_version');
      return (row as { config_version: number }).config_version;
    };
    const before = await version();
    const { body } = await acme.get('/api/identity/acme/admin/pools/people');
    await acme.put('/api/identity/acme/admin/pools/people', { ...body, badge_color: 'teal' });
    expect(await version()).toBeGreaterThan(before);
  });
});

describe('methods that a workspace and its pools have in common', () => {
  const POOLS = '/api/identity/acme/admin/pools';
  it('stay at least one: each side refuses its own change, and names the other', async () => {
    await acme.post(SERVERS, { id: 'narrow', authentication_mechanisms: ['password', 'totp'] });
    const pool = await acme.post(POOLS, { name: 'Narrow People' });
    const idps = `${SERVERS}/narrow/idps/identity_pool`;
    const connected = await acme.post(idps, { identity_pool_id: pool.body.id });
    expect(connected.status).toBe(201);
    const workspace = (await acme.get(`${SERVERS}/narrow`)).body;

    const ceiling = { ...workspace, authentication_mechanisms: ['webauthn'] };
    const byWorkspace = await acme.put(`${SERVERS}/narrow`, ceiling);
    expect(byWorkspace.status).toBe(422);
    expect(pointers(byWorkspace)).toEqual(['/authentication_mechanisms']);
    expect(byWorkspace.body.details[0].message).toMatch(
      /Narrow People \(authentication_mechanisms: password\)/,
    );

    const methods = { ...pool.body, authentication_mechanisms: ['email_otp'] };
    const byPool = await acme.put(`${POOLS}/${pool.body.id}`, methods);
    expect(byPool.status).toBe(422);
    expect(byPool.body.details[0].message).toMatch(/narrow \(authentication_mechanisms: password, totp\)/);

    // Whoever cannot come in anyway stands in nobody's way, until they shall.
    const path = `${idps}/${connected.body.id}`;
    expect((await acme.put(path, { ...connected.body, disabled: true })).status).toBe(200);
    expect((await acme.put(`${SERVERS}/narrow`, ceiling)).status).toBe(200);
    const enabled = await acme.put(path, connected.body);
    expect(enabled.status).toBe(422);
    expect(pointers(enabled)).toEqual(['/identity_pool_id']);
  });

  it('lifetimes that cannot hold are named on both sides', async () => {
    const refused = await acme.post(SERVERS, {
      id: 'hasty',
      access_token_ttl: '2h',
      refresh_token_ttl: '1h',
      cookie_max_age: '1h',
      sso: { enabled: true, max_idle: '2h', max_age: '1h' },
    });
    expect(refused.status).toBe(422);
    expect(pointers(refused).sort()).toEqual([
      '/access_token_ttl',
      '/cookie_max_age',
      '/refresh_token_ttl',
      '/sso/max_age',
      '/sso/max_idle',
      '/sso/max_idle',
    ]);
  });
});

describe('workspaces in short', () => {
  it('are listed, found and read, with a client to try them, and metadata apart from the rest', async () => {
    const created = await acme.post(`${SERVERS}?with_demo_client=true`, { id: 'tryout', name: 'Try Out' });
    expect(created.status).toBe(201);
    expect((await acme.get(`${CLIENTS}/tryout-demo`)).body).toMatchObject({
      authorization_server_id: 'tryout',
      token_endpoint_auth_method: 'none',
    });
    const short = await acme.get('/api/admin/acme/workspaces/tryout');
    expect(short.body).toMatchObject({ id: 'tryout', name: 'Try Out', type: 'regular' });
    expect(short.body).not.toHaveProperty('access_token_ttl');
    const found = await acme.get('/api/admin/acme/workspaces?search_phrase=try&workspace_types=regular');
    expect(found.body.workspaces.map(({ id }: { id: string }) => id)).toEqual(['tryout']);

    const path = '/api/admin/acme/workspaces/tryout/metadata';
    const stale = await acme.put(path, { payload: { team: 1 } }, { 'If-Match': '"77"' });
    expect(stale.status).toBe(412);
    expect(await acme.put(path, { payload: { team: 1 } })).toMatchObject({
      status: 200,
      body: { payload: { team: 1 } },
    });
    expect((await acme.get(`${SERVERS}/tryout`)).body).toMatchObject({
      metadata: { team: 1 },
      name: 'Try Out',
    });
  });

  it('of the caller: page by page', async () => {
    const all = (await acme.get('/api/admin/acme/workspaces?limit=100')).body.workspaces;
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await acme.get(`/api/admin/acme/user/workspaces?limit=3${cursor && `&cursor=${cursor}`}`);
      expect(page.status).toBe(200);
      seen.push(...page.body.workspaces.map(({ id }: { id: string }) => id));
      cursor = page.body.cursor ?? '';
    } while (cursor !== '');
    expect(seen).toEqual(all.map(({ id }: { id: string }) => id));
    expect((await acme.get('/api/admin/acme/user/workspaces?cursor=%21')).status).toBe(400);
  });

  it('clients are filtered by their kind', async () => {
    const kinds = async (filter: string) =>
      (await acme.get(`${SERVERS}/tryout/clients?${filter}`)).body.clients.map(
        (one: { application_types: string[] }) => one.application_types[0],
      );
    expect(await kinds('application_types=single_page,service')).toEqual(['single_page']);
    expect(await kinds('application_types=server_web')).toEqual([]);
    expect(await kinds('client_types=saml')).toEqual([]);
  });
});

describe('an address', () => {
  it('names its methods to who uses another, whoever asks; an unknown one names nothing', async () => {
    const at = (path: string, method: string) => fetch(server.url + path, { method });
    const refused = await at(`${SERVERS}/shop`, 'POST');
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'DELETE, GET, HEAD, PUT']);
    expect(await refused.json()).toMatchObject({ status_code: 405 });
    const absent = await at('/api/admin/acme/nothing', 'POST');
    expect([absent.status, absent.headers.get('allow')]).toEqual([404, null]);
  });
});
