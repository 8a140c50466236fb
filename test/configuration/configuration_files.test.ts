import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nameOf } from '../../src/configuration/current.ts';
import type { Body } from '../../src/configuration/kind.ts';
import { readYaml, writeYaml } from '../../src/configuration/yaml.ts';
import { lockTree } from '../../src/groups/group_store.ts';
import { parseStrictJson } from '../../src/strict_json.ts';
import { startApiServer, type ApiClient, type ApiServer } from '../support/api_server.ts';
import { type Child, runNode } from '../support/child_process.ts';
import { configurationOf, type Files } from '../support/configuration_files.ts';
import { addPerson } from '../support/demo.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary_directory.ts';

const WEIR = join(import.meta.dirname, '..', '..', 'bin', 'weir.mjs');
const SECRET = 'a-secret-of-the-shop-that-is-long-enough';

let server: ApiServer;
let folder: TemporaryDirectory;
let files: ReturnType<typeof configurationOf>;
beforeAll(async () => {
  [server, folder] = await Promise.all([startApiServer(), createTemporaryDirectory()]);
  files = configurationOf(server, { SHOP_SECRET: SECRET });
  await furnish(server.api('default'));
});
afterAll(() => Promise.all([server.stop(), folder.remove()]));

const weir = (args: readonly string[], env: Record<string, string> = {}): Child =>
  runNode(WEIR, ['config', ...args], {
    DATABASE_URL: server.db.options.url,
    DATA_DIR: join(folder.path, 'data'),
    PUBLIC_URL: server.url,
    MASTER_KEY: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    COOKIE_KEYS: 'c'.repeat(32),
    ...env,
  });

async function run(...args: string[]): Promise<{ code: unknown; lines: string[]; errors: string }> {
  const child = weir(args);
  const code = await child.ended;
  return { code, lines: child.lines, errors: child.errors() };
}

function write(dir: string, wanted: Files): string {
  for (const [file, text] of Object.entries(wanted)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
  return dir;
}

const read = (dir: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.yaml'))
      .toSorted()
      .map((name) => [name, readFileSync(join(dir, name), 'utf8')]),
  );

const auditEvents = async (tenantId: string): Promise<number> =>
  (await server.db.knex('audit_events').where({ tenant_id: tenantId })).length;

describe('a configuration as files', () => {
  test('makes an empty tenant the same as the one that it was exported from, by three commands', async () => {
    await server.createTenant('acme');
    const dir = join(folder.path, 'default');
    expect(await run('export', '--dir', dir)).toMatchObject({ code: 0, errors: '' });
    const exported = read(dir);
    expect(Object.values(exported).join('')).not.toContain(SECRET);
    expect(Object.keys(exported)).toEqual(
      expect.arrayContaining([
        'brute_force_limits.yaml',
        'pools/_administrators/pool.yaml',
        'pools/guests/groups/members.yaml',
        'pools/guests/styling.yaml',
        'schemas/guests.yaml',
        'message_templates/otp.email.de.yaml',
        'translations/de.yaml',
        'workspaces/shop/clients/kiosk.yaml',
        'workspaces/shop/clients/stock.Robot~1.yaml',
        'workspaces/shop/connections/_administrators.yaml',
        'workspaces/shop/connections/guests.yaml',
        'workspaces/shop/scopes/stock-read.yaml',
      ]),
    );

    const applied = await run('apply', '--tenant', 'acme', '--dir', dir);
    expect(applied).toMatchObject({ code: 0, errors: '' });
    expect(applied.lines).toContain('+ group guests/vip');
    const diff = await run('diff', '--tenant', 'acme', '--dir', dir);
    expect(diff).toEqual({ code: 0, lines: ['No difference.'], errors: '' });
    expect(await files.export('acme')).toEqual(exported);

    // The secret that was shown is the one.
    const shown = applied.lines.find((line) => line.includes('client shop/storefront  client_secret'));
    const secret = shown?.split('  ').at(-1) ?? '';
    expect(await introspects('acme', secret)).toBe(200);
    expect(await introspects('acme', SECRET)).toBe(401);
  });

  test('changes nothing the second time', async () => {
    const wanted = await files.export('default');
    const before = [await files.export('acme'), await auditEvents('acme')];
    expect(before[0]).toEqual(wanted);
    expect(await files.apply('acme', wanted, { prune: true })).toEqual({
      changes: [],
      extras: [],
      shown: [],
    });
    // What is written otherwise, and means the same, is no change either.
    const otherwise = edit(wanted, 'workspaces/shop/workspace.yaml', [/10m0s/, '600s']);
    expect((await files.apply('acme', otherwise)).changes).toEqual([]);
    expect([await files.export('acme'), await auditEvents('acme')]).toEqual(before);
  });

  test('exports over files that are there: names, comments and references to secrets stay', async () => {
    const fresh = await files.export('default');
    const storefront = fresh['workspaces/shop/clients/storefront.yaml'] ?? '';
    const own: Files = {
      'tenant.yaml': `# ours\n${fresh['tenant.yaml']}`,
      'brute_force_limits.yaml': 'not: what it is',
      'schemas/notes.yaml': fresh['schemas/guests.yaml'] ?? '',
      'workspaces/shop/clients/storefront.yml': `${storefront}client_secret: { env: SHOP_SECRET }\n`,
    };
    const {
      'schemas/guests.yaml': _moved,
      'workspaces/shop/clients/storefront.yaml': _renamed,
      ...rest
    } = fresh;
    expect(await files.export('default', own)).toEqual({
      ...rest,
      ...own,
      'brute_force_limits.yaml': fresh['brute_force_limits.yaml'],
      'schemas/notes-notes.yaml': fresh['schemas/notes.yaml'],
    });
  });

  test('takes secrets by reference alone, and knows the one that it has set', async () => {
    const storefront = 'workspaces/shop/clients/storefront.yaml';
    const client = (await files.export('default'))[storefront] ?? '';
    const change = (secret: string) => ({ [storefront]: `${client}client_secret: ${secret}\n` });
    expect((await files.apply('default', change('{ env: SHOP_SECRET }'))).changes).toEqual([]);
    const another = configurationOf(server, { SHOP_SECRET: 'another-secret-that-is-long-enough-too' });
    const { changes, shown } = await another.apply('default', change('{ env: SHOP_SECRET }'));
    expect(changes).toMatchObject([{ action: 'change', fields: [{ pointer: '/client_secret' }] }]);
    expect(JSON.stringify([changes, shown])).not.toContain('another-secret');
    await known('another-secret-that-is-long-enough-too', 200);
    await files.apply('default', change('{ env: SHOP_SECRET }'));
    await known(SECRET, 200);

    const line = client.split('\n').length;
    const refused = async (secret: string) => files.refusal('default', change(secret));
    expect(await refused(SECRET)).toEqual([
      expect.stringContaining(`${storefront}:${line} /client_secret: must be`),
    ]);
    expect((await refused(SECRET)).join()).not.toContain(SECRET);
    expect(await refused('{ env: NOT_SET }')).toEqual([expect.stringContaining('NOT_SET is not set')]);
    expect(await refused('{ file: no/such/file }')).toEqual([expect.stringContaining('cannot be read')]);
    expect(await refused('{ env: A, file: b }')).toEqual([expect.stringContaining('must be { env: NAME }')]);
  });

  test('names file, line, place and rule of everything that is wrong, and applies nothing', async () => {
    const wanted = await files.export('default');
    const before = await auditEvents('default');
    const bad: Files = {
      'client/app.yaml': 'name: in the wrong folder',
      'pools/p1/pool.yaml': 'name: One\nname: Two',
      'pools/p2/pool.yaml': 'id: p3\nname: Two\nnumber_of_users: 3\nnonsense: 1',
      'pools/p4/pool.yaml': 'name: &n Four\nlabels: { a: *n, b: !!js/function x }',
      'pools/p5/pool.yaml': 'name: .inf',
      'pools/p6/pool.yaml': '%YAML 1.1\n---\nname: yes',
      'pools/p7/pool.yaml': '{ name: Seven, metadata: { __proto__: { a: 1 } } }',
      'pools/p8/pool.yaml':
        'a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b, *b]\nd: [*b, *b]',
      'pools/p9/pool.yaml': '- name: Nine',
      'schemas/a.yaml': 'id: same\nname: A\nschema: {}',
      'schemas/b.yaml': 'id: same\nname: B\nschema: {}',
    };
    expect((await files.refusal('default', { ...wanted, ...bad })).map((line) => line.slice(0, 90))).toEqual([
      expect.stringMatching(/^client\/app\.yaml: has no place/),
      expect.stringMatching(/^pools\/p1\/pool\.yaml:2: .*unique/i),
      expect.stringMatching(/^pools\/p2\/pool\.yaml:1 \/id: must be p2/),
      expect.stringMatching(/^pools\/p2\/pool\.yaml:3 \/number_of_users: has no place/),
      expect.stringMatching(/^pools\/p2\/pool\.yaml:4 \/nonsense: is not known/),
      expect.stringMatching(/^pools\/p4\/pool\.yaml:2: .*tag/i),
      expect.stringMatching(/^pools\/p5\/pool\.yaml: /),
      expect.stringMatching(/^pools\/p6\/pool\.yaml:1: must have no %YAML/),
      expect.stringMatching(/^pools\/p7\/pool\.yaml: .*__proto__/),
      expect.stringMatching(/^pools\/p8\/pool\.yaml: has an alias too many/),
      expect.stringMatching(/^pools\/p9\/pool\.yaml: must be a map/),
      expect.stringMatching(/^schemas\/b\.yaml: is the same schema same as schemas\/a\.yaml/),
    ]);
    // What only the domain knows: all of it at once, and what fits alone is not kept.
    const contradicting = {
      ...wanted,
      ...edit(wanted, 'workspaces/shop/clients/storefront.yaml', [
        /https:\/\/shop.example\/cb/,
        'http://shop.example/cb',
      ]),
      ...edit(wanted, 'workspaces/shop/workspace.yaml', [/key_type: rsa/, 'key_type: ecdsa']),
      'pools/fits/pool.yaml': 'name: Fits',
      'pools/lost/pool.yaml': 'name: Lost\nworkspace_id: nowhere',
      'pools/lost/groups/g.yaml': 'name: waits for its pool',
    };
    expect(await files.refusal('default', contradicting)).toEqual([
      expect.stringMatching(
        /^workspaces\/shop\/workspace.yaml:\d+ \/key_type: cannot be changed: it is "rsa"/,
      ),
      expect.stringMatching(/^pools\/lost\/pool.yaml: Workspace not found/),
      expect.stringMatching(
        /^workspaces\/shop\/clients\/storefront.yaml:\d+ \/redirect_uris\/0: must use https/,
      ),
    ]);
    expect([await files.export('default'), await auditEvents('default')]).toEqual([wanted, before]);
  });

  test('needs no order: what waits for something else comes after it, and ceilings come down last', async () => {
    const wanted = await files.export('acme');
    const moved = { ...wanted, ...edit(wanted, 'tenant.yaml', [/Default/, 'Acme']) };
    const ceiling = /authentication_mechanisms:\n(?: {2}- .*\n)+/;
    Object.assign(
      moved,
      edit(moved, 'workspaces/shop/workspace.yaml', [
        ceiling,
        'authentication_mechanisms: [webauthn, totp]\n',
      ]),
      edit(
        moved,
        'pools/guests/pool.yaml',
        [ceiling, 'authentication_mechanisms: [webauthn]\n'],
        [/preferred_authentication_mechanism: email_otp/, 'preferred_authentication_mechanism: webauthn'],
      ),
      // A client moves to another workspace, a group to the top, and its parent goes.
      { 'workspaces/office/clients/robot.yaml': moved['workspaces/shop/clients/stock.Robot~1.yaml'] },
      edit(moved, 'pools/guests/groups/vip.yaml', [/parent_id: .*\n/, '']),
    );
    delete moved['workspaces/shop/clients/stock.Robot~1.yaml'];
    delete moved['pools/guests/groups/members.yaml'];
    const before = [await files.export('acme'), await auditEvents('acme')];
    const rehearsed = await files.apply('acme', moved, { prune: true, commit: false });
    expect([await files.export('acme'), await auditEvents('acme')]).toEqual(before);
    const { changes } = await files.apply('acme', moved, { prune: true });
    expect(rehearsed.changes).toEqual(
      changes.map((change) => ({ ...change, object: expect.anything() as unknown })),
    );
    expect(changes.map(({ action, object }) => `${action} ${nameOf(object)}`)).toEqual([
      'create client office/stock.Robot~1',
      'change tenant',
      'change workspace shop',
      'change pool guests',
      'change group guests/vip',
      'delete client shop/stock.Robot~1',
      expect.stringMatching(/^delete group guests\//),
    ]);
    expect((await files.apply('acme', moved, { prune: true })).changes).toEqual([]);
  });

  test('deletes only where it is told to, and neither people nor what everybody needs by accident', async () => {
    await server.createTenant('bare');
    const bare = await files.export('bare');
    const full = await files.export('default');
    await addPerson(server.domain, 'guests', {
      identifier: 'guest@example.test',
      password: 'a long enough Passw0rd',
    });
    const { extras } = await files.apply('default', bare, { commit: false });
    expect(extras.map(nameOf)).toContain('pool guests');
    expect(extras.map(nameOf).filter((name) => /admin|system|tenant|brute/.test(name))).toEqual([
      'connection shop/_administrators',
    ]);
    expect(await files.refusal('default', bare, { prune: true })).toEqual([
      expect.stringMatching(/^pool demo-users, which has no file: holds 1 person/),
      expect.stringMatching(/^pool guests, which has no file: holds 1 person/),
    ]);
    // A workspace takes its own pools along, which a file wants to stay.
    const homeless = Object.fromEntries(
      Object.entries(full).filter(([file]) => !file.startsWith('workspaces/shop/')),
    );
    const lost = await files.refusal('default', homeless, { prune: true });
    expect(lost).toEqual(
      ['pool', 'styling'].map(
        (file) =>
          expect.stringMatching(`^pools/staff/${file}.yaml: would be deleted with something`) as unknown,
      ),
    );
    expect(await files.export('default')).toEqual(full);

    await files.apply('acme', bare, { prune: true });
    expect(await files.export('acme')).toEqual(bare);
  });

  test('lets one after the other, and leaves nothing of one that is killed', async () => {
    await server.createTenant('crowd');
    const wanted = await files.export('default');
    const empty = await files.export('crowd');
    const dir = write(join(folder.path, 'crowd'), wanted);
    const events = await auditEvents('crowd');

    // The group waits for its tree: workspaces and pools are written by then.
    const holder = await server.db.knex.transaction();
    await lockTree(holder, { tenantId: 'crowd', poolId: 'guests' }, 'exclusive');
    const child = weir(['apply', '--tenant', 'crowd', '--dir', dir]);
    await expect.poll(() => isWaiting('advisory'), { timeout: 20_000 }).toBe(true);
    child.kill('SIGKILL');
    await child.ended;
    await holder.rollback();
    expect([await files.export('crowd'), await auditEvents('crowd')]).toEqual([empty, events]);

    const applied = await Promise.all([files.apply('crowd', wanted), files.apply('crowd', wanted)]);
    const counts = applied.map(({ changes }) => changes.length).sort((a, b) => a - b);
    const made = Object.keys(wanted).filter((file) => !(file in empty) && !/styling|key_rotation/.test(file));
    // And the name of the tenant, and its limits.
    expect(counts).toEqual([0, made.length + 2]);
    expect(await files.export('crowd')).toEqual(wanted);
  });

  test('writes over nothing that somebody else has changed meanwhile', async () => {
    const before = await files.export('default');
    const kiosk = 'workspaces/shop/clients/kiosk.yaml';
    const describe = (text: string) => edit(before, kiosk, [/description: ""/, `description: ${text}`]);
    const holder = await server.db.knex.transaction();
    await lockTree(holder, { tenantId: 'default', poolId: 'guests' }, 'exclusive');
    const late = { 'pools/guests/groups/late.yaml': 'name: Late' };
    const refusal = files.refusal('default', { ...before, ...describe('ours'), ...late });
    await expect.poll(() => isWaiting('advisory'), { timeout: 20_000 }).toBe(true);

    const admin = server.api('default');
    const clients = await admin.get('/api/admin/default/servers/shop/clients?search_phrase=Kiosk');
    const [{ scope: _scope, ...client }] = clients.body.clients as [{ client_id: string; scope: string }];
    const path = `/api/admin/default/clients/${client.client_id}`;
    expect((await admin.put(path, { ...client, description: 'theirs' })).status).toBe(200);
    await holder.rollback();
    expect(await refusal).toEqual([expect.stringContaining(`${kiosk}: It was changed since you read it`)]);
    expect(await files.export('default')).toEqual({ ...before, ...describe('theirs') });
  });

  test('is known to running servers without a restart', async () => {
    await known(SECRET, 200);
    const wanted = edit(await files.export('default'), 'workspaces/shop/clients/storefront.yaml', [
      /client_status: active/,
      'client_status: inactive',
    ]);
    await files.apply('default', wanted);
    await known(SECRET, 401);
  });
});

test('what is written as YAML is read as the same', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(
      'yes',
      '~',
      '1:30',
      '0x1f',
      '- a',
      'a: b',
      '<<',
      '007',
      '2031-01-01',
      '#',
      '*a',
      '&a',
      '!t',
      '|',
      'a\nb\n',
      ' a ',
    ),
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.boolean(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constant(null),
      fc.array(tie('any')),
      fc.dictionary(text, tie('any')),
    ),
  })).any;
  fc.assert(
    fc.property(fc.dictionary(text, value, { minKeys: 1 }), (body) => {
      const wire = JSON.parse(JSON.stringify(body)) as Body;
      fc.pre(isTaken(wire));
      expect(readYaml(writeYaml(wire, ['a comment'])).body).toEqual(wire);
    }),
    { numRuns: 100 },
  );
});

const edit = (wanted: Files, file: string, ...changes: readonly [RegExp, string][]): Files => {
  const before = wanted[file] ?? '';
  const after = changes.reduce((text, [pattern, by]) => text.replace(pattern, by), before);
  expect(after).not.toBe(before);
  return { [file]: after };
};

/** What a server says of a secret, soon. */
const known = async (secret: string, status: number): Promise<void> =>
  expect.poll(() => introspects('default', secret), { timeout: 10_000 }).toBe(status);

async function introspects(tenantId: string, secret: string): Promise<number> {
  const response = await fetch(`${server.url}/${tenantId}/shop/oauth2/introspect`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`storefront:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ token: 'none' }),
  });
  return response.status;
}

async function isWaiting(kind: string): Promise<boolean> {
  const { rows } = await server.db.knex.raw<{ rows: unknown[] }>(
    'SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = current_database() AND l.locktype = ? AND NOT l.granted',
    [kind],
  );
  return rows.length > 0;
}

function isTaken(body: Body): boolean {
  try {
    parseStrictJson(Buffer.from(JSON.stringify(body)));
    return true;
  } catch {
    return false;
  }
}

/** Something of every kind, with what each may say, by the API. */
async function furnish(admin: ApiClient): Promise<void> {
  const ADMIN = '/api/admin/default';
  const IDENTITY = '/api/identity/default/admin';
  const made = async (path: string, body: object) => {
    const base = /^\/(?:schemas|pools|workspace)\b/.test(path) ? IDENTITY : ADMIN;
    const answer = await admin.post(`${base}${path}`, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    // oxlint-disable-next-line typescript/no-unsafe-return
    return answer.body;
  };
  const shop = { authorization_server_id: 'shop' };
  const person = { type: 'object', properties: { name: { type: 'string' }, nick: { type: 'string' } } };
  const { id: schemaId } = await made('/schemas', { name: 'Guests', schema: person });
  await made('/schemas', { id: 'notes', name: 'Notes', description: 'yes', schema: { type: 'object' } });
  await made('/servers', {
    id: 'shop',
    name: 'Shop: "the best" #1',
    access_token_ttl: '10m',
    sso: { enabled: true, max_idle: '1h' },
    subject_identifier_types: ['public', 'pairwise'],
    authentication_context_settings: { attributes: [{ name: 'shoe.size', type: 'number' }] },
    metadata: { 'a/b': { '~': [1, null, 'on'] }, zebra: true, ape: 'no' },
  });
  await made('/servers', { id: 'office', name: 'Office', grant_types: ['client_credentials'] });
  await made('/pools', {
    id: 'guests',
    name: 'Guests',
    payload_schema_id: schemaId,
    business_metadata_schema_id: 'notes',
    authentication_mechanisms: ['password', 'otp'],
    preferred_authentication_mechanism: 'email_otp',
    second_factor_authentication_mechanisms: ['totp'],
    second_factor_threshold: 0.25,
    mfa_session_ttl: '1h',
    password_policy: { strength: 'strong', min_length: 12, not_used_since: 3 },
    password_settings: { hashing_method: 'bcrypt', expires_after: '720h' },
    otp_settings: { activation: { length: 8, ttl: '1h' } },
    labels: { region: '007', 'a.b/c': 'off' },
  });
  await made('/workspace/shop/pools', { id: 'staff', name: 'Staff' });
  const top = await made('/pools/guests/groups', { name: 'Members' });
  const below = await made('/pools/guests/groups', { id: 'vip', name: 'VIP', parent_id: top.id });
  const required = [{ identity_pool_id: 'guests', group_id: below.id }];
  await made('/servers/shop/idps/identity_pool', {
    identity_pool_id: 'guests',
    name: 'Guests of the shop',
    static_amr: ['pwd'],
    discovery_settings: { domains: ['example.com'] },
    mappings: [
      { source: 'payload.nick', target: 'nick', type: 'string' },
      { mode: 'static', target: 'n', type: 'number', static: 7 },
    ],
  });
  // The administrators' own pool, as every tenant has it under another id.
  await made('/servers/shop/idps/identity_pool', { identity_pool_id: 'administrators', disabled: true });
  const code = {
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['https://shop.example/cb'],
  };
  await made('/clients', {
    ...shop,
    ...code,
    client_id: 'storefront',
    client_secret: SECRET,
    required_groups: required,
  });
  await made('/clients', { ...shop, ...code, token_endpoint_auth_method: 'none', client_name: 'Kiosk' });
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await made('/clients', {
    ...shop,
    client_id: 'stock.Robot~1',
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one' }] },
    audience: ['https://stock.example/api'],
    use_custom_token_ttls: true,
    token_ttls: { access_token_ttl: '2m' },
  });
  await made('/clients', {
    ...shop,
    ...code,
    client_id: 'partner',
    token_endpoint_auth_method: 'client_secret_jwt',
    subject_type: 'pairwise',
    client_status: 'inactive',
  });
  const service = await made('/services', {
    ...shop,
    name: 'Stock',
    custom_audience: 'https://stock.example/api',
    token_format: 'opaque',
    access_token_ttl: '3m',
    client_id: 'storefront',
    required_groups: required,
  });
  await made('/scopes', {
    ...shop,
    name: 'stock:read',
    display_name: 'See what there is',
    translations: { de: { display_name: 'Sehen, was da ist' } },
    service_id: service.id,
  });
  await made('/scopes', { ...shop, id: 'any', name: 'any', required_groups: required });
  await made('/claims', {
    ...shop,
    name: 'nick',
    type: 'id_token',
    source_path: 'nick',
    scopes: ['profile'],
  });
  const rotation = { enabled: true, cron: '0 3 1 * *', starting_from: '2031-01-01T00:00:00Z' };
  expect(
    (await admin.put(`${ADMIN}/servers/shop/keys/automatic-key-rotation`, rotation)).status,
  ).toBeLessThan(300);
  const logo_url = `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')}`;
  const styling = { logo_url, colors: { primary: '#0b5660' }, texts: { de: { headline: 'Moin' } } };
  expect((await admin.put(`${ADMIN}/servers/shop/styling`, styling)).status).toBe(200);
  expect((await admin.put(`${IDENTITY}/pools/guests/styling`, { display_name: 'Guests' })).status).toBe(200);
  const translation = { content: { sign_in: { title: 'Ahoi' } }, enabled: false };
  expect((await admin.put(`${ADMIN}/translation/de`, translation)).status).toBe(200);
  const words = { subject: 'Ahoi', text: 'Ahoi {{Product.Name}}\n\nCode:\n{{OTP.Code}}' };
  expect((await admin.put(`${ADMIN}/message-templates/otp/email/de`, words)).status).toBe(200);
  const limit = { protected_type: 'identity_authentication', max_attempts: 7, block_duration: '2m' };
  expect((await admin.put(`${ADMIN}/bruteforce`, limit)).status).toBe(201);
}
