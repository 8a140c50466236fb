import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer, type ApiClient, type ApiServer } from '../support/api_server.ts';

let server: ApiServer;
let acme: ApiClient;
let token: string;
const POOLS = '/api/identity/acme/admin/pools';
const USERS = `${POOLS}/staff/users`;

beforeAll(async () => {
  server = await startApiServer();
  await server.createTenant('acme');
  acme = server.api('acme');
  token = await server.token('acme');
  await acme.post(POOLS, { id: 'staff', name: 'Staff' });
});
afterAll(async () => {
  // Whatever was sent, the server still serves.
  expect(await acme.get(`${POOLS}/staff`)).toMatchObject({ status: 200 });
  expect(({} as { admin?: unknown }).admin).toBeUndefined();
  await server.stop();
});

type Raw = { status: number; type: string; text: string };

/** Sends bytes and headers that `fetch` would refuse to. */
function send(
  method: string,
  path: string,
  headers: Readonly<Record<string, string | string[]>>,
  body?: string | Buffer,
): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const req = request({ host: hostname, port, method, path, headers }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () =>
        resolve({
          status: res.statusCode ?? 0,
          type: res.headers['content-type'] ?? '',
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    req.on('error', reject);
    req.end(body);
  });
}

const post = (body: string | Buffer, headers: Readonly<Record<string, string>> = {}, path = USERS) =>
  send(
    'POST',
    path,
    { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body,
  );

function expectRefusal({ status, type, text }: Raw, expected: number): void {
  expect(status).toBe(expected);
  expect(type).toMatch(/^application\/json/);
  const body = JSON.parse(text) as { status_code: number; error: string };
  expect(body.status_code).toBe(expected);
  expect(body.error.length).toBeGreaterThan(5);
  expect(text).not.toMatch(/node_modules|\.ts:\d|at \w+ \(|SELECT|INSERT/);
}

describe('bodies that are no strict JSON (T-904, T-1108)', () => {
  const user = (inside: string) => `{"status":"new","metadata":{${inside}}}`;
  it.each([
    ['empty', ''],
    ['truncated', '{"status":"new"'],
    ['trailing', '{"status":"new"} x'],
    ['two values', '{}{}'],
    ['single quotes', "{'status':'new'}"],
    ['a byte order mark', '\ufeff{"status":"new"}'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['an overlong NUL', Buffer.from([0x22, 0xc0, 0x80, 0x22])],
    ['NUL escaped', user('"a":"\\u0000"')],
    ['NUL in a key', user('"a\\u0000b":1')],
    ['NUL raw', user('"a":"\u0000"')],
    ['a lone surrogate', user('"a":"\\ud800"')],
    ['a lone surrogate in a key', user('"\\udc00":1')],
    ['the same key twice', '{"status":"new","status":"active"}'],
    ['the same key twice, once escaped', '{"status":"new","st\\u0061tus":"active"}'],
    ['the same key twice, deep', user('"a":[{"b":1,"b":2}]')],
    ['__proto__', user('"__proto__":{"admin":1}')],
    ['__proto__ escaped', user('"\\u005f_proto__":{"admin":1}')],
    ['__proto__ at the top', '{"__proto__":{"admin":1},"status":"new"}'],
    ['constructor', user('"constructor":{"prototype":{"admin":1}}')],
    ['prototype', user('"a":{"prototype":1}')],
    ['33 levels', user(`"a":${'['.repeat(31)}${']'.repeat(31)}`)],
    ['100,000 levels', '['.repeat(100_000)],
    ['100,000 levels of objects', '{"a":'.repeat(40_000)],
    ['a number beyond a double', user('"a":1e999')],
    ['a number beyond a double, negative', user('"a":[-1e999]')],
  ])('%s: 400', async (_, body) => {
    expectRefusal(await post(body), 400);
  });

  it('take what only looks like it', async () => {
    const fine = user(
      '"a":"{\\"a\\":1,\\"a\\":2}","b":"\\ud83d\\ude00","c":"__proto__","d":[{"x":1},{"x":2}]',
    );
    expect((await post(fine)).status).toBe(201);
  });

  it.each([
    ['no content type', { 'content-type': '' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text', { 'content-type': 'text/plain' }],
    ['a near miss', { 'content-type': 'application/jsonp' }],
    ['another charset', { 'content-type': 'application/json; charset=utf-16' }],
    ['compression', { 'content-encoding': 'gzip' }],
  ])('%s: 415', async (_, headers) => {
    expectRefusal(await post('{"status":"new"}', headers), 415);
  });

  it.each([300_000, 1_000_000, 9_000_000])('%i bytes: 413', async (size) => {
    expectRefusal(await post(user(`"a":"${'x'.repeat(size)}"`)), 413);
  });

  it.each(['null', '[]', '"x"', '1', 'true', '[{"status":"new"}]'])('%s: 422', async (body) => {
    expectRefusal(await post(body), 422);
  });
});

describe('values of the wrong kind in every field (T-808)', () => {
  const bodies: [string, Record<string, unknown>][] = [
    [
      USERS,
      {
        id: 'x1',
        status: 'new',
        payload: {},
        metadata: {},
        business_metadata: {},
        payload_schema_id: 'user_v0',
        identifiers: [{ identifier: 'a', type: 'uid', metadata: {} }],
        verifiable_addresses: [{ address: 'a@b.example', type: 'email', verified: false, status: 'active' }],
        credentials: [{ type: 'password', password: 'correct horse', must_be_changed: false }],
      },
    ],
    [
      POOLS,
      {
        id: 'x2',
        name: 'X2',
        description: '',
        metadata: {},
        labels: { a: 'b' },
        authentication_mechanisms: ['password'],
        mfa_session_ttl: '1h',
        password_policy: { strength: 'fair', min_length: 8 },
        otp_settings: { challenge: { length: 6, ttl: '5m' } },
        public_registration_allowed: true,
        second_factor_threshold: 0.5,
      },
    ],
    [
      '/api/admin/acme/clients',
      {
        authorization_server_id: 'admin',
        client_id: 'x3',
        client_name: 'X3',
        client_secret: 'x'.repeat(40),
        redirect_uris: ['https://app.example/cb'],
        grant_types: ['authorization_code'],
        scopes: ['openid'],
        scope: 'openid',
        jwks: { keys: [] },
        logo_uri: 'https://app.example/x.png',
        trusted: false,
        metadata: {},
      },
    ],
    [
      '/api/admin/acme/servers',
      { id: 'x4', name: 'X4', access_token_ttl: '1h', grant_types: ['authorization_code'], metadata: {} },
    ],
    [
      '/api/admin/acme/servers/admin/idps/identity_pool',
      {
        identity_pool_id: 'staff',
        id: 'x5',
        name: 'X5',
        display_order: 1,
        static_amr: ['pwd'],
        config: {},
        mappings: [{ mode: 'static', target: 'b', type: 'any', static: { c: 1 } }],
        attributes: [{ name: 'email', type: 'string', labels: ['l'] }],
      },
    ],
    [
      '/api/admin/acme/claims',
      {
        authorization_server_id: 'admin',
        id: 'x6',
        name: 'dept',
        type: 'id_token',
        source_path: 'dept',
        scopes: ['profile'],
        opaque: true,
        description: 'Where',
      },
    ],
  ];
  const wrong = [{ id: '1' }, { $gt: '' }, [['x']], -1.5, 9e15, null, '\n', 'x'.repeat(100_000), [null]];

  it.each(bodies)('%s', async (path, body) => {
    for (const field of Object.keys(body)) {
      for (const value of wrong) {
        const answer = await acme.post(path, { ...body, [field]: value });
        const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
        if (isMap && /metadata|labels/.test(field)) continue;
        // The id of something that is not there is of the right kind.
        const absent = field === 'authorization_server_id' && value === '\n';
        expect({ field, value: JSON.stringify(value).slice(0, 40), status: answer.status }).toMatchObject({
          status: absent ? 404 : 422,
        });
      }
    }
  });
});

describe('odd requests', () => {
  const odd: [string, Record<string, string | string[]>][] = [
    ['empty', { authorization: '' }],
    ['scheme only', { authorization: 'Bearer' }],
    ['scheme and space', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: 'Basic YTpi' }],
    ['two tokens', { authorization: 'Bearer a b' }],
    ['a token list', { authorization: 'Bearer a, Bearer b' }],
    ['not a token', { authorization: 'Bearer {"alg":"none"}' }],
    ['control characters', { authorization: 'Bearer a\u0001b'.replace('\u0001', '\t') }],
    ['Latin-1', { authorization: 'Bearer \u00ff' }],
    ['very long', { authorization: `Bearer ${'a'.repeat(10_000)}` }],
  ];
  it.each(odd)('Authorization, %s: 401 with a challenge', async (_, headers) => {
    expectRefusal(await send('GET', POOLS, headers), 401);
  });

  it('a second Authorization header: 401, whichever is good', async () => {
    const raw = [`Bearer ${token}`, 'Bearer x'];
    expectRefusal(await send('GET', POOLS, { authorization: raw }), 401);
    expectRefusal(await send('GET', POOLS, { authorization: raw.toReversed() }), 401);
  });

  it('a token in the query: refused', async () => {
    expectRefusal(await send('GET', `${POOLS}?access_token=${token}`, {}), 401);
    const header = { authorization: `Bearer ${token}` };
    expectRefusal(await send('GET', `${POOLS}?access_token=${token}`, header), 400);
  });

  it.each([
    '/api',
    '/api/',
    '/api/nothing',
    '/api/identity/acme/admin/pools/',
    '/API/identity/acme/admin/pools',
    '/api/identity/acme/admin/pools/staff/users/x/y',
    `/api/identity/acme/admin/pools/${'x'.repeat(5000)}`,
    '/api/identity/acme/admin/pools/%00',
    '/api/identity/acme/admin/pools/%ff',
    '/api/identity/acme/admin/pools/%2e%2e',
    '/api/identity/acme/admin/pools/a%2fb',
    '/api/identity/acme/admin/pools/staff/users/%0a',
  ])('GET %s: 404', async (path) => {
    const { status } = await send('GET', path, {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
    });
    expect(status).toBe(404);
  });

  it.each(['PATCH', 'OPTIONS', 'PROPFIND'])('%s: 405 as JSON', async (method) => {
    expectRefusal(await send(method, POOLS, { authorization: `Bearer ${token}` }), 405);
  });

  it('serves no hint of who asks to whom they must not know', async () => {
    const answer = await send('GET', '/api/identity/%00/admin/pools', { authorization: `Bearer ${token}` });
    expectRefusal(answer, 401);
  });
});
