import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEYWORDS } from '../../src/schemas/json_schema.ts';
import {
  answerOf,
  startApiServer,
  statuses,
  type ApiAnswer,
  type ApiClient,
  type ApiServer,
} from '../support/api_server.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';
import { watchStatements } from '../support/statements.ts';

const ADMIN = '/api/identity/acme/admin';
const SYSTEM = '/api/identity/acme/system';
const SCHEMAS = `${ADMIN}/schemas`;

let server: ApiServer;
let acme: ApiClient;
/** Calls with a token of the tenant's `system` workspace. */
let system: (method: string, path: string, body?: unknown) => Promise<ApiAnswer>;

beforeAll(async () => {
  server = await startApiServer();
  await server.createTenant('acme');
  acme = server.api('acme');
  system = await systemClient();
});
afterAll(() => server.stop());

async function systemClient(): Promise<typeof system> {
  const scope = { tenantId: 'acme', workspaceId: 'system' };
  const client = { grantTypes: ['client_credentials'], scopes: ['identity'] } as const;
  const { id, clientSecret } = await server.domain.clients.create(scope, client, SYSTEM_ACTOR);
  const granted = await fetch(`${server.url}/acme/system/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'identity' }),
  });
  const { access_token: token } = (await granted.json()) as { access_token: string };
  return async (method, path, body) =>
    answerOf(
      await fetch(server.url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
}

const text = { type: 'string', minLength: 1 };
const customer = {
  type: 'object',
  description: 'Tell us who you are',
  properties: {
    zip: { ...text, pattern: '^[0-9]{5}$' },
    'e-mail': text,
    age: { type: 'integer', minimum: 18 },
  },
  required: ['zip'],
  additionalProperties: false,
};
let made = 0;
/** A schema of its own for one test. */
async function schemaOf(document: object = customer, extra: object = {}): Promise<string> {
  made += 1;
  const created = await acme.post(SCHEMAS, { name: `Schema ${made}`, schema: document, ...extra });
  expect(created.status, JSON.stringify(created.body)).toBe(201);
  return created.body.id;
}
async function poolOf(choice: object): Promise<string> {
  made += 1;
  const { status, body } = await acme.post(`${ADMIN}/pools`, { name: `Pool ${made}`, ...choice });
  expect(status, JSON.stringify(body)).toBe(201);
  return `${ADMIN}/pools/${body.id}`;
}
const pointers = (refused: ApiAnswer): string[] =>
  (refused.body.details as { pointer: string }[]).map((issue) => issue.pointer);

describe('schemas', () => {
  it('are created, read, replaced and deleted', async () => {
    const body = { id: 'customer', name: 'Customer', description: 'Who buys', schema: customer };
    const created = await acme.post(SCHEMAS, body);
    expect(created).toMatchObject({
      status: 201,
      etag: '"1"',
      body: { ...body, tenant_id: 'acme', system: false },
    });
    // The order of properties is the order of a form's fields.
    expect(Object.keys(created.body.schema.properties)).toEqual(['zip', 'e-mail', 'age']);
    expect(await acme.get(`${SCHEMAS}/customer`)).toMatchObject({
      status: 200,
      etag: '"1"',
      body: created.body,
    });

    const changed = await acme.put(
      `${SCHEMAS}/customer`,
      { ...created.body, name: 'Buyer' },
      { 'If-Match': '"1"' },
    );
    expect(changed).toMatchObject({ status: 200, etag: '"2"', body: { name: 'Buyer', schema: customer } });
    expect(await acme.put(`${SCHEMAS}/customer`, body, { 'If-Match': '"1"' })).toMatchObject({ status: 412 });
    expect(await acme.delete(`${SCHEMAS}/customer`, { 'If-Match': '"1"' })).toMatchObject({ status: 412 });
    expect(await acme.delete(`${SCHEMAS}/customer`)).toMatchObject({ status: 204 });
    expect(await acme.get(`${SCHEMAS}/customer`)).toMatchObject({ status: 404 });
    expect(await acme.put(`${SCHEMAS}/customer`, body)).toMatchObject({ status: 404 });
    expect(await acme.delete(`${SCHEMAS}/customer`)).toMatchObject({ status: 404 });

    const events = await server.domain.audit.list({ tenantId: 'acme' }, 10);
    const trail = events.filter((event) => JSON.stringify(event).includes('"schema_id":"customer"'));
    expect(trail.map((event) => event.action)).toEqual(['deleted', 'updated', 'created']);
  });

  it('have an id and a name of their own in their tenant', async () => {
    await acme.post(SCHEMAS, { id: 'one', name: 'One of a kind', schema: customer });
    const again = await acme.post(SCHEMAS, { id: 'one', name: 'Other', schema: customer });
    expect(again).toMatchObject({ status: 409, body: { error_code: 'id_taken' } });
    const named = { status: 409, body: { error_code: 'name_taken' } };
    expect(await acme.post(SCHEMAS, { name: 'ONE of a kind', schema: customer })).toMatchObject(named);
    const other = await schemaOf();
    expect(await acme.put(`${SCHEMAS}/${other}`, { name: 'one of a kind', schema: customer })).toMatchObject(
      named,
    );

    await server.createTenant('other');
    const elsewhere = server.api('other');
    const there = '/api/identity/other/admin/schemas';
    expect(await elsewhere.get(`${there}/one`)).toMatchObject({ status: 404 });
    const theirs = await elsewhere.post(there, { id: 'one', name: 'One of a kind', schema: customer });
    expect(theirs).toMatchObject({ status: 201 });
  });

  it('built in are in every tenant and stay as they are', async () => {
    const { body } = await acme.get(SCHEMAS);
    expect(body.schemas.slice(0, 2)).toMatchObject([
      { id: 'user_v0', system: true, schema: { required: ['name', 'given_name', 'family_name'] } },
      { id: 'metadata_v0', system: true, schema: { type: 'object' } },
    ]);
    for (const id of ['user_v0', 'metadata_v0']) {
      const shown = await acme.get(`${SCHEMAS}/${id}`);
      expect(shown).toMatchObject({ status: 200, etag: '"1"' });
      const refused = { status: 400, body: { error_code: 'system_schema' } };
      expect(await acme.put(`${SCHEMAS}/${id}`, shown.body)).toMatchObject(refused);
      expect(await acme.delete(`${SCHEMAS}/${id}`)).toMatchObject(refused);
      expect(await acme.post(SCHEMAS, { id, name: 'Mine', schema: customer })).toMatchObject({ status: 409 });
      expect(await acme.post(SCHEMAS, { name: id, schema: customer })).toMatchObject({ status: 409 });
    }
  });

  it('are protected for good by a client of the system workspace, and by nobody else', async () => {
    const protectedOne = { id: 'kept', name: 'Kept', schema: customer, system: true };
    const mine = await acme.post(SCHEMAS, { ...protectedOne, id: 'not-kept', name: 'Not kept' });
    expect(mine.body.system).toBe(false);
    const made = await system('POST', `${SYSTEM}/schemas`, protectedOne);
    expect(made).toMatchObject({ status: 201, etag: '"1"', body: { id: 'kept', system: true } });
    for (const [call, base] of [
      [acmeCall, ADMIN],
      [system, SYSTEM],
    ] as const) {
      expect((await call('PUT', `${base}/schemas/kept`, protectedOne)).status).toBe(400);
      expect((await call('DELETE', `${base}/schemas/kept`)).status).toBe(400);
    }
  });

  it('answer the system API alike', async () => {
    const path = `${SYSTEM}/schemas`;
    const made = await system('POST', path, { id: 'systems', name: 'Systems', schema: customer });
    expect(made).toMatchObject({ status: 201, body: { system: false } });
    expect(await system('GET', `${path}/systems`)).toMatchObject({
      status: 200,
      etag: '"1"',
      body: made.body,
    });
    const changed = await system('PUT', `${path}/systems`, {
      name: 'Systems',
      schema: { type: 'object' },
      system: true,
    });
    expect(changed).toMatchObject({ status: 200, etag: '"2"', body: { system: false } });
    const { body } = await system('GET', path);
    expect(body.schemas.map((schema: { id: string }) => schema.id)).toContain('systems');
    expect(await system('DELETE', `${path}/systems`)).toMatchObject({ status: 204 });
    expect(await system('GET', `${path}/systems`)).toMatchObject({ status: 404 });
    expect(await system('GET', SCHEMAS)).toMatchObject({ status: 401 });
  });

  it('are readable from a workspace', async () => {
    const id = await schemaOf();
    const path = `${ADMIN}/workspace/admin/schemas`;
    const { body } = await acme.get(path);
    expect(body).toEqual((await acme.get(SCHEMAS)).body);
    expect(await acme.get(`${path}/${id}`)).toMatchObject({ status: 200, etag: '"1"', body: { id } });
    expect(await acme.get(`${path}/none`)).toMatchObject({ status: 404 });
    expect((await acme.get(`${ADMIN}/workspace/none/schemas`)).status).toBe(404);
  });
});

const acmeCall = (method: string, path: string, body?: unknown): Promise<ApiAnswer> =>
  method === 'PUT' ? acme.put(path, body) : acme.delete(path);

describe('a schema that is in use', () => {
  it('is not deleted while a pool follows it', async () => {
    const id = await schemaOf();
    const pool = await poolOf({ business_metadata_schema_id: id });
    const { body } = await acme.get(pool);
    expect(body.business_metadata_schema_id).toBe(id);
    const refused = await acme.delete(`${SCHEMAS}/${id}`);
    expect(refused).toMatchObject({ status: 409, body: { error_code: 'schema_in_use' } });
    expect(refused.body.error).toContain(`the pool ${body.name} (${body.id})`);
    expect(await acme.delete(pool)).toMatchObject({ status: 204 });
    expect(await acme.delete(`${SCHEMAS}/${id}`)).toMatchObject({ status: 204 });
  });

  it('is not deleted while somebody follows it', async () => {
    const id = await schemaOf({ type: 'object' });
    const users = `${await poolOf({})}/users`;
    const { body } = await acme.post(users, { status: 'new', metadata: { a: 1 }, metadata_schema_id: id });
    const refused = await acme.delete(`${SCHEMAS}/${id}`);
    expect(refused).toMatchObject({ status: 409, body: { error_code: 'schema_in_use' } });
    expect(refused.body.error).toContain(`the user ${body.id}`);
    await acme.put(`${users}/${body.id}`, { metadata_schema_id: 'metadata_v0' });
    expect(await acme.delete(`${SCHEMAS}/${id}`)).toMatchObject({ status: 204 });
  });

  it('is not deleted while an import may bring somebody who follows it', async () => {
    const id = await schemaOf();
    const { body } = await acme.get(await poolOf({}));
    const running = { tenant_id: 'acme', pool_id: body.id, import_id: 'running', source: 'api' };
    const imports = server.db.knex('imports');
    await imports
      .clone()
      .insert({ ...running, lease_until: server.db.knex.raw(`now() + interval '1 minute'`) });
    const refused = await acme.delete(`${SCHEMAS}/${id}`);
    expect(refused).toMatchObject({ status: 409, body: { error_code: 'schema_in_use' } });
    await imports.clone().where({ import_id: 'running' }).update({ status: 'completed' });
    expect(await acme.delete(`${SCHEMAS}/${id}`)).toMatchObject({ status: 204 });
  });

  it('is never deleted from under those who begin to follow it at the same moment', async () => {
    const users = `${await poolOf({})}/users`;
    for (let round = 0; round < 5; round += 1) {
      const id = await schemaOf({ type: 'object' });
      const person = { status: 'new', metadata_schema_id: id };
      const [deleted, ...followers] = await Promise.all([
        acme.delete(`${SCHEMAS}/${id}`),
        ...Array.from({ length: 9 }, () => acme.post(users, person)),
      ]);
      const someone = followers.some((answer) => answer.status === 201);
      expect(deleted?.status).toBe(someone ? 409 : 204);
      for (const answer of followers) expect([201, 422]).toContain(answer.status);
      expect((await acme.get(`${SCHEMAS}/${id}`)).status).toBe(someone ? 200 : 404);
    }
  });

  it('changes for one of 50 who change it at the same moment', async () => {
    const id = await schemaOf();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        acme.put(`${SCHEMAS}/${id}`, { name: `Winner ${index}`, schema: customer }, { 'If-Match': '"1"' }),
      ),
    );
    expect(statuses(answers)).toEqual([200, ...Array.from({ length: 49 }, () => 412)]);
    expect(await acme.get(`${SCHEMAS}/${id}`)).toMatchObject({
      etag: '"2"',
      body: { name: answers.find((answer) => answer.status === 200)?.body.name },
    });
  });

  it('has one winner of 50 who create the same', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => acme.post(SCHEMAS, { name: 'Contested', schema: customer })),
    );
    expect(statuses(answers)).toEqual([201, ...Array.from({ length: 49 }, () => 409)]);
  });
});

/** Thirty definitions, each of which refers to the next one twice. */
const doubling = {
  type: 'object',
  properties: { a: { $ref: '#/$defs/l0' } },
  $defs: Object.fromEntries(
    Array.from({ length: 30 }, (_, level) => [
      `l${level}`,
      level === 29 ? text : { anyOf: [{ $ref: `#/$defs/l${level + 1}` }, { $ref: `#/$defs/l${level + 1}` }] },
    ]),
  ),
};
/** Seventeen definitions, each inside the one before. */
const nested = {
  type: 'object',
  $defs: Object.fromEntries(
    Array.from({ length: 17 }, (_, level) => [
      `l${level}`,
      level === 16 ? text : { items: { $ref: `#/$defs/l${level + 1}` } },
    ]),
  ),
  properties: { a: { $ref: '#/$defs/l0' } },
};
const property = (schema: unknown) => ({ type: 'object', properties: { a: schema } });

describe('a schema is refused', () => {
  it.each<[string, unknown, string]>([
    ['with an unknown keyword', property({ type: 'string', format: 'email' }), '/schema/properties/a/format'],
    ['with an address of its own', { type: 'object', $id: 'https://example.com/s' }, '/schema/$id'],
    [
      'with a dialect',
      { type: 'object', $schema: 'http://json-schema.org/draft-07/schema' },
      '/schema/$schema',
    ],
    [
      'with data in place of rules',
      property({ maxLength: { $data: '/b' } }),
      '/schema/properties/a/maxLength',
    ],
    ['with a remote reference', property({ $ref: 'https://example.com/s' }), '/schema/properties/a/$ref'],
    ['with a file as reference', property({ $ref: 'file:///etc/passwd' }), '/schema/properties/a/$ref'],
    ['with a reference to nowhere', property({ $ref: '#/$defs/none' }), '/schema/properties/a/$ref'],
    [
      'with a reference to no schema',
      { ...property({ $ref: '#/required' }), required: ['a'] },
      '/schema/properties/a/$ref',
    ],
    ['with a cycle', property({ items: { $ref: '#/properties/a' } }), '/schema/properties/a/items/$ref'],
    ['with a cycle at the top', property({ $ref: '#' }), '/schema/properties/a/$ref'],
    ['with thirty levels of doubling', doubling, '/schema'],
    ['nested too deep', nested, '/schema'],
    [
      'with too many schemas',
      { type: 'object', allOf: Array.from({ length: 2_000 }, () => ({})) },
      '/schema',
    ],
    ['with too many alternatives', property({ oneOf: Array.from({ length: 201 }, () => ({})) }), '/schema'],
    ['that is too large', { type: 'object', description: 'x'.repeat(66_000) }, '/schema'],
    ['with look-ahead', property({ pattern: '^(?=a)b' }), '/schema/properties/a/pattern'],
    ['with a back-reference', property({ pattern: '^(a)\\1$' }), '/schema/properties/a/pattern'],
    ['with a named back-reference', property({ pattern: '^(?<n>a)\\k<n>$' }), '/schema/properties/a/pattern'],
    ['with a pattern that is none', property({ pattern: '[' }), '/schema/properties/a/pattern'],
    [
      'with a bad pattern for names',
      { type: 'object', patternProperties: { '(': {} } },
      '/schema/patternProperties/(',
    ],
    [
      'with a pattern that is too long',
      property({ pattern: 'a'.repeat(300) }),
      '/schema/properties/a/pattern',
    ],
    [
      'with patterns that are too much together',
      {
        type: 'object',
        properties: Object.fromEntries(
          Array.from({ length: 6 }, (_, i) => [`p${i}`, { pattern: 'a{1,1000}' }]),
        ),
      },
      '/schema/properties/p2/pattern',
    ],
    ['with a list of types', property({ type: ['string', 'null'] }), '/schema/properties/a/type'],
    ['with an unknown type', property({ type: 'date' }), '/schema/properties/a/type'],
    ['that is of another type', { type: 'string' }, '/schema/type'],
    ['without a type', {}, '/schema/type'],
    ['with a schema that is none', property(true), '/schema/properties/a'],
    ['with a negative limit', property({ minLength: -1 }), '/schema/properties/a/minLength'],
    ['with a broken number', property({ multipleOf: 1e-300 }), '/schema/properties/a/multipleOf'],
    ['with values that are no text', property({ enum: [1, 2] }), '/schema/properties/a/enum'],
    ['with an empty list', { type: 'object', anyOf: [] }, '/schema/anyOf'],
    ['with a name required twice', { type: 'object', required: ['a', 'a'] }, '/schema/required'],
    ['with a name that reaches further', { type: 'object', required: ['constructor'] }, '/schema/required'],
  ])('%s', async (_, schema, pointer) => {
    const refused = await acme.post(SCHEMAS, { name: 'Bad', schema });
    expect(refused).toMatchObject({ status: 422, body: { error_code: 'schema_refused' } });
    expect(pointers(refused)).toContain(pointer);
    const known = await acme.put(`${SCHEMAS}/${await usual()}`, { name: 'Usual', schema });
    expect(known).toMatchObject({ status: 422 });
  });

  let usualId: string | undefined;
  const usual = async (): Promise<string> => (usualId ??= await schemaOf(customer, { name: 'Usual' }));

  it.each(['__proto__', 'constructor', 'prototype'])('with the property %s', async (name) => {
    const raw = `{"name": "Bad", "schema": {"type": "object", "properties": {"${name}": {"type": "object"}}}}`;
    expect(await acme.post(SCHEMAS, raw)).toMatchObject({ status: 400 });
    expect(({} as Record<string, unknown>).type).toBeUndefined();
  });

  it.each([
    ['/name', { schema: customer }],
    ['/name', { name: '', schema: customer }],
    ['/name', { name: 'x'.repeat(101), schema: customer }],
    ['/name', { name: 'two\nlines', schema: customer }],
    ['/schema', { name: 'Bad' }],
    ['/schema', { name: 'Bad', schema: 'text' }],
    ['/schema', { name: 'Bad', schema: [] }],
    ['/id', { name: 'Bad', id: '../x', schema: customer }],
    ['/owner', { name: 'Bad', schema: customer, owner: 'me' }],
  ])('for its field %s', async (pointer, body) => {
    const refused = await acme.post(SCHEMAS, body);
    expect(refused.status).toBe(422);
    expect(pointers(refused)).toContain(pointer);
  });

  it('naming everything that is wrong at once', async () => {
    const schema = property({ type: 'text', minLength: -1, format: 'x' });
    expect(pointers(await acme.post(SCHEMAS, { name: 'Bad', schema }))).toHaveLength(3);
  });
});

describe('while a schema is compiled', () => {
  it('everything else is served', async () => {
    // As large as the limits allow.
    const large = {
      type: 'object',
      properties: Object.fromEntries(Array.from({ length: 1_500 }, (_, i) => [`p${i}`, { minLength: i }])),
    };
    const done: string[] = [];
    const saving = acme.post(SCHEMAS, { name: 'Large', schema: large }).then((answer) => {
      done.push('saved');
      return answer;
    });
    for (let others = 0; others < 3; others += 1) {
      expect((await fetch(`${server.url}/livez`)).status).toBe(200);
      done.push('served');
    }
    expect(await saving).toMatchObject({ status: 201 });
    expect(done.indexOf('saved')).toBe(3);
  });
});

describe('what people hold', () => {
  it('must fit their schemas, and every problem is named', async () => {
    const metadata = await schemaOf({ type: 'object', properties: { level: { enum: ['gold', 'silver'] } } });
    const pool = await poolOf({
      payload_schema_id: await schemaOf(),
      metadata_schema_id: metadata,
      business_metadata_schema_id: metadata,
    });
    const refused = await acme.post(`${pool}/users`, {
      status: 'active',
      payload: { age: 17, 'shoe/size': 43, 'e-mail': '' },
      metadata: { level: 'tin' },
      business_metadata: { level: 1 },
    });
    expect(refused.status).toBe(422);
    expect(pointers(refused).toSorted()).toEqual([
      '/business_metadata/level',
      '/metadata/level',
      '/payload/age',
      '/payload/e-mail',
      '/payload/shoe~1size',
      '/payload/zip',
    ]);
    expect(JSON.stringify(refused.body)).not.toContain('tin');
    const payload = { zip: '12345', age: 18 };
    const taken = await acme.post(`${pool}/users`, {
      status: 'active',
      payload,
      metadata: { level: 'gold' },
    });
    expect(taken).toMatchObject({ status: 201, body: { payload } });
  });

  it('may be incomplete until they are active, and must be right even then', async () => {
    const nestedNeed = { type: 'object', properties: { street: text }, required: ['street'] };
    const schema = { ...customer, properties: { ...customer.properties, home: nestedNeed } };
    const users = `${await poolOf({ payload_schema_id: await schemaOf(schema) })}/users`;
    const invited = await acme.post(users, { status: 'new', payload: { home: {} } });
    expect(invited).toMatchObject({ status: 201 });
    const wrong = await acme.post(users, { status: 'new', payload: { zip: 'x' } });
    expect(pointers(wrong)).toEqual(['/payload/zip']);

    const path = `${users}/${invited.body.id}`;
    const early = await acme.put(path, { status: 'active' });
    expect(pointers(early).toSorted()).toEqual(['/payload/home/street', '/payload/zip']);
    const whole = { zip: '12345', home: { street: 'Elm' } };
    expect(await acme.put(path, { status: 'active', payload: whole })).toMatchObject({ status: 200 });
    expect(await acme.put(path, { payload: {} })).toMatchObject({ status: 422 });
  });

  it('is left alone by a change of the schema until it is written again', async () => {
    const id = await schemaOf();
    const users = `${await poolOf({ payload_schema_id: id })}/users`;
    const { body } = await acme.post(users, { status: 'active', payload: { zip: '12345' } });
    const path = `${users}/${body.id}`;
    const stricter = { ...customer, required: ['zip', 'age'] };
    expect(await acme.put(`${SCHEMAS}/${id}`, { name: 'Stricter', schema: stricter })).toMatchObject({
      status: 200,
    });

    expect(await acme.get(path)).toMatchObject({ status: 200, body: { payload: { zip: '12345' } } });
    expect(await acme.put(path, { metadata: { seen: true } })).toMatchObject({ status: 200 });
    expect(await acme.put(path, { status: 'inactive' })).toMatchObject({ status: 200 });
    // Becoming active again is a moment at which the payload must be whole.
    expect(pointers(await acme.put(path, { status: 'active' }))).toEqual(['/payload/age']);
    const again = { status: 'active', payload: { zip: '12345', age: 40 } };
    expect(await acme.put(path, again)).toMatchObject({ status: 200 });
    expect(pointers(await acme.put(path, { payload: { zip: '12345' } }))).toEqual(['/payload/age']);
  });

  it('follows a change at once that another process made', async () => {
    const id = await schemaOf();
    const users = `${await poolOf({ payload_schema_id: id })}/users`;
    const someone = { status: 'active', payload: { zip: '12345' } };
    expect(await acme.post(users, someone)).toMatchObject({ status: 201 });
    await server.db
      .knex('schemas')
      .where({ tenant_id: 'acme', schema_id: id })
      .update({
        document: JSON.stringify({ ...customer, required: ['age'] }),
        revision: randomUUID(),
      });
    expect(pointers(await acme.post(users, someone))).toEqual(['/payload/age']);
  });

  it('that a changed schema would refuse keeps nobody from signing in', async () => {
    const { administratorsPoolId } = await server.createTenant('lasting');
    const lasting = server.api('lasting');
    const base = '/api/identity/lasting/admin';
    const made = await lasting.post(`${base}/schemas`, { name: 'Staff', schema: customer });
    const invited = {
      payload_schema_id: made.body.id,
      identifiers: [{ identifier: 'ann@example.test', type: 'email' }],
      credentials: [{ type: 'password', password: 'seven slow rivers meet' }],
      payload: { zip: '12345' },
    };
    const users = `${base}/pools/${administratorsPoolId}/users`;
    expect((await lasting.post(users, { ...invited, status: 'active' })).status).toBe(201);
    const stricter = { ...customer, required: ['age'], properties: { age: { type: 'integer' } } };
    const changed = { name: 'Staff', schema: stricter };
    expect((await lasting.put(`${base}/schemas/${made.body.id}`, changed)).status).toBe(200);
    const ann = await server.signIn('lasting', 'ann@example.test', 'seven slow rivers meet');
    expect((await ann.get(users)).status).toBe(403);
  });

  it('and the schema that is named with it must agree', async () => {
    const users = `${await poolOf({})}/users`;
    const id = await schemaOf();
    const { body } = await acme.post(users, { status: 'active', payload: person('Ann') });
    const path = `${users}/${body.id}`;
    expect(pointers(await acme.put(path, { payload_schema_id: 'none' }))).toEqual(['/payload_schema_id']);
    expect(pointers(await acme.put(path, { payload_schema_id: id }))).toContain('/payload/zip');
    const both = { payload_schema_id: id, payload: { zip: '12345' } };
    expect(await acme.put(path, both)).toMatchObject({ status: 200, body: both });
    expect(await acme.put(path, { ...both, payload: person('Ann') })).toMatchObject({ status: 422 });
    const foreign = await acme.post(users, { status: 'new', payload_schema_id: 'none' });
    expect(pointers(foreign)).toEqual(['/payload_schema_id']);
  });

  it('is bounded, whatever the schema says', async () => {
    const id = await schemaOf({ type: 'object', patternProperties: { '^(a+)+$': { uniqueItems: true } } });
    const users = `${await poolOf({ payload_schema_id: id })}/users`;
    const tooMany = Array.from({ length: 101 }, (_, index) => ({ index }));
    const refused = await acme.post(users, { status: 'new', payload: { aa: tooMany } });
    expect(pointers(refused)).toEqual(['/payload/aa']);
    const long = { [`${'a'.repeat(250)}!`]: [] };
    expect(await acme.post(users, { status: 'new', payload: long })).toMatchObject({ status: 201 });
    expect(await acme.post(users, { status: 'new', payload: { aa: [1, 1] } })).toMatchObject({ status: 422 });
  });

  it('is refused by a pool whose schemas do not exist', async () => {
    const choice = {
      payload_schema_id: 'none',
      metadata_schema_id: 'none',
      business_metadata_schema_id: 'none',
    };
    const refused = await acme.post(`${ADMIN}/pools`, { name: 'Bad pool!', ...choice });
    expect(refused.status).toBe(422);
    expect(pointers(refused)).toEqual(['/name', ...Object.keys(choice).map((field) => `/${field}`)]);
  });
});

it('a schema of one’s own costs no statement more than a built-in one', async () => {
  const [plain, own] = [await poolOf({}), await poolOf({ payload_schema_id: await schemaOf() })];
  const log = watchStatements();
  try {
    // What the server does by itself now and then is counted too: the least of some tries is the request's own.
    const cost = async (pool: string, payload: object): Promise<number> => {
      const counts: number[] = [];
      for (let tries = 0; tries < 4; tries += 1) {
        const person = { status: 'active', payload };
        const { result, statements } = await log.during(() => acme.post(`${pool}/users`, person));
        expect(result.status).toBe(201);
        counts.push(statements.length);
      }
      return Math.min(...counts);
    };
    expect(await cost(own, { zip: '12345' })).toBe(await cost(plain, person('Ann')));
  } finally {
    log.stop();
  }
});

describe('the reference of schemas', () => {
  const text = readFileSync(new URL('../../docs/reference/schemas.md', import.meta.url), 'utf8');

  it('has an example that is taken', async () => {
    const example = /^```json\n(.*?)^```$/ms.exec(text)?.[1];
    expect(await acme.post(SCHEMAS, example)).toMatchObject({ status: 201 });
  });

  it('names every keyword, and no other', () => {
    const table = /^\| For \| Keywords \|$(.*?)\n\n/ms.exec(text)?.[1] ?? '';
    const named = [...table.matchAll(/`([$a-zA-Z]+)`/g)].map(([, keyword]) => keyword);
    expect(named.toSorted()).toEqual([...KEYWORDS.keys()].toSorted());
  });
});
