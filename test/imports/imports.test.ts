import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer, type ApiServer } from '../support/api_server.ts';
import { createImportService } from '../../src/imports/import_service.ts';
import { createSealer } from '../../src/security/seal.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';
import { countPeople, ended, importFile, ndjson, newPool, poolPath, somebody } from './support.ts';

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server.stop());

const counts = ({ body }: { body: Record<string, unknown> }) => ({
  status: body['status'],
  received: body['received'],
  created: body['created'],
  skipped: body['skipped'],
  failed: body['failed'],
});

describe('an import', () => {
  test('writes people with everything around them', async () => {
    const pool = await newPool(server);
    const answer = await importFile(
      server,
      pool,
      ndjson(
        somebody('ann', {
          created_at: '2020-02-03T04:05:06Z',
          metadata: { plan: 'gold' },
          verifiable_addresses: [{ type: 'email', address: 'ann@example.test', verified: true }],
          credentials: [{ type: 'totp', payload: { secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' } }],
        }),
        somebody('ben', { status: 'inactive', identifiers: [{ type: 'uid', identifier: 'ben' }] }),
      ),
    );
    expect(answer.status).toBe(201);
    expect(counts(answer)).toEqual({ status: 'completed', received: 2, created: 2, skipped: 0, failed: 0 });
    const { body: ann } = await server.api('default').get(`${poolPath(pool)}/users/ann`);
    expect(ann).toMatchObject({
      status: 'active',
      payload: person('ann'),
      metadata: { plan: 'gold' },
      created_at: '2020-02-03T04:05:06.000Z',
      identifiers: [{ identifier: 'ann@example.test', type: 'email' }],
      verifiable_addresses: [{ address: 'ann@example.test', verified: true, status: 'active' }],
      credentials: [{ type: 'totp', payload: { secret: '###' } }],
    });
    expect(await countPeople(server, pool)).toEqual({ said: 2, held: 2 });
  });

  test('of the same file again changes nothing, whether or not it names ids', async () => {
    const pool = await newPool(server);
    const unnamed = { ...somebody('cem'), id: undefined };
    const file = ndjson(somebody('dan'), unnamed);
    expect(counts(await importFile(server, pool, file))).toMatchObject({ created: 2 });
    const before = await server.api('default').get(`${poolPath(pool)}/users/dan`);
    expect(counts(await importFile(server, pool, file))).toMatchObject({ created: 0, skipped: 2, failed: 0 });
    const changed = ndjson(somebody('dan', { status: 'inactive' }));
    expect(counts(await importFile(server, pool, changed))).toMatchObject({ skipped: 1 });
    expect((await server.api('default').get(`${poolPath(pool)}/users/dan`)).body).toEqual(before.body);
    expect(await countPeople(server, pool)).toEqual({ said: 2, held: 2 });
  });

  test('names every bad row by its line, and writes the rows around it', async () => {
    const pool = await newPool(server, { identifierCaseInsensitive: true });
    const other = await newPool(server);
    await importFile(server, other, ndjson(somebody('elsewhere')));
    await importFile(server, pool, ndjson(somebody('first')));
    const lines: (string | Buffer)[] = [
      '\ufeff' + JSON.stringify(somebody('good-1')) + '\r\n', // 1: BOM, CRLF
      '\r\n', // 2: blank
      '{"id": "half"\n', // 3
      Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}\n')]), // 4
      `{"id":"long","payload":{"name":"${'x'.repeat(300_000)}"}}\n`, // 5
      ndjson(somebody('good-1', { identifiers: [] })), // 6: the id of line 1
      ndjson(somebody('thief', { identifiers: [{ type: 'email', identifier: 'First@example.test' }] })), // 7
      ndjson(somebody('twin', { identifiers: [{ type: 'email', identifier: 'GOOD-1@example.test' }] })), // 8
      ndjson(somebody('elsewhere', { identifiers: [] })), // 9: an id of another pool
      ndjson(
        somebody('worse', {
          payload: { ...person('worse'), shoe: 43 },
          identifiers: [{ type: 'email', identifier: 'no address' }],
          credentials: [{ type: 'password', payload: { hashed_password: '$argon2id$garbage' } }],
        }),
      ), // 10
      '{"id":"evil","__proto__":{"status":"active"}}\n', // 11
      ndjson({ ...somebody('nobody'), id: undefined, identifiers: [] }), // 12
      ndjson(somebody('a/b')), // 13
      JSON.stringify(somebody('good-2')), // 14: no line break at the end
    ];
    const file = Buffer.concat(lines.map((line) => (typeof line === 'string' ? Buffer.from(line) : line)));
    const answer = await importFile(server, pool, file);
    expect(counts(answer)).toEqual({ status: 'completed', received: 13, created: 2, skipped: 0, failed: 11 });

    const { body } = await ended(server, pool, answer.body.id);
    expect(
      body.errors.map((entry: Record<string, unknown>) => [entry['line'], entry['pointer'], entry['code']]),
    ).toEqual([
      [3, '', 'malformed'],
      [4, '', 'malformed'],
      [5, '', 'malformed'],
      [6, '/id', 'id_taken'],
      [7, '/identifiers/0/identifier', 'identifier_taken'],
      [8, '/identifiers/0/identifier', 'identifier_taken'],
      [9, '/id', 'id_taken'],
      [10, expect.stringMatching(/^\/payload/), 'invalid'],
      [10, '/identifiers/0/identifier', 'invalid'],
      [10, '/credentials/0/payload/hashed_password', 'hash_refused'],
      [11, '', 'malformed'],
      [12, '/id', 'invalid'],
      [13, '/id', 'invalid'],
    ]);
    expect(JSON.stringify(body.errors)).not.toContain('garbage');
    expect(body.errors[3].message).toContain('line 1');
    expect(await countPeople(server, pool)).toEqual({ said: 3, held: 3 });
    const ids = await server.db.knex('user_ids').where({ tenant_id: 'default' }).pluck('user_id');
    expect(ids).not.toContain('thief');

    const page = await server
      .api('default')
      .get(`${poolPath(pool)}/imports/${answer.body.id}?after_line=9&limit=1`);
    expect(page.body.errors.map(({ line }: { line: number }) => line)).toEqual([10, 10, 10]);
    expect(page.body.next_after_line).toBe(10);
    expect(await server.db.knex('import_rows').count('* as n')).toEqual([{ n: 0 }]);
  });

  test('is refused whole when nobody could read it', async () => {
    const pool = await newPool(server);
    expect((await importFile(server, pool, '', { type: 'text/html' })).status).toBe(415);
    expect((await importFile(server, 'no-such-pool', ndjson(somebody('x1')))).status).toBe(404);
    const header = await importFile(server, pool, 'id,shoe_size\nx2,43\n', { type: 'text/csv' });
    expect(header).toMatchObject({ status: 422, body: { error_code: 'file_refused' } });
    expect(await countPeople(server, pool)).toEqual({ said: 0, held: 0 });
  });

  test('reads CSV with dotted names, quotes and line breaks', async () => {
    const pool = await newPool(server);
    const file = [
      'id,email,email_verified,mobile,payload.name,payload.given_name,payload.family_name,metadata.plan.seats:number',
      'eve,eve@example.test,true,+48123456789,"Eve ""the First""\nof Two",Eve,First,12',
      'fay,fay@example.test,maybe,,Fay,Fay,Last,',
      'gil,gil@example.test,,,Gil,Gil,Last,',
    ].join('\r\n');
    const answer = await importFile(server, pool, file, { type: 'text/csv' });
    expect(counts(answer)).toMatchObject({ created: 2, failed: 1 });
    const { body } = await ended(server, pool, answer.body.id);
    // The record before it has a line break inside quotes.
    expect(body.errors).toMatchObject([{ line: 4, code: 'malformed' }]);
    const { body: eve } = await server.api('default').get(`${poolPath(pool)}/users/eve`);
    expect(eve).toMatchObject({
      payload: { name: 'Eve "the First"\nof Two' },
      metadata: { plan: { seats: 12 } },
      verifiable_addresses: expect.arrayContaining([
        expect.objectContaining({ address: 'eve@example.test', verified: true }),
        expect.objectContaining({ address: '+48123456789', verified: false }),
      ]),
    });
  });

  test('as a dry run finds the same and leaves nothing', async () => {
    const pool = await newPool(server);
    await importFile(server, pool, ndjson(somebody('there')));
    // Far enough apart for different batches.
    const many = Array.from({ length: 1_100 }, (_, index) => somebody(`dry-${index}`));
    const clash = somebody('late', { identifiers: [{ type: 'email', identifier: 'dry-0@example.test' }] });
    const file = ndjson(somebody('there'), ...many, clash, somebody('dry-1'));
    const { status, body } = await importFile(server, pool, file, { query: '?dry_run=true' });
    expect(status).toBe(201);
    const dry = await ended(server, pool, body.id);
    expect(await countPeople(server, pool)).toEqual({ said: 1, held: 1 });
    const wet = await ended(server, pool, (await importFile(server, pool, file)).body.id);
    expect(counts(dry)).toEqual({
      status: 'completed',
      received: 1_103,
      created: 1_100,
      skipped: 1,
      failed: 2,
    });
    expect(counts(wet)).toEqual(counts(dry));
    expect(wet.body.errors).toEqual(dry.body.errors);
    expect(dry.body.errors[0].message).toBe('belongs to the person of line 2');
    for (const table of ['import_rows', 'import_names']) {
      expect(await server.db.knex(table).count('* as n'), table).toEqual([{ n: 0 }]);
    }
  });

  test('puts people into groups by their names, and makes those that are missing', async () => {
    const pool = await newPool(server);
    const api = server.api('default');
    const { body: staff } = await api.post(`${poolPath(pool)}/groups`, { name: 'Staff' });
    const file = ndjson(
      somebody('g1', { groups: ['Everyone', ['Staff', 'Sales']] }),
      somebody('g2', { groups: [['STAFF', 'sales'], 'everyone', 'EVERYONE'] }),
      somebody('g3', { groups: [] }),
      somebody('g4', { groups: [['Staff', ' ']] }),
      somebody('g5', { groups: [Array.from({ length: 11 }, () => 'deep')] }),
    );
    expect(counts(await importFile(server, pool, file, { query: '?dry_run=true' }))).toMatchObject({
      created: 3,
      failed: 2,
    });
    const groups = () => server.db.knex('groups').where({ pool_id: pool }).orderBy('name');
    expect(await groups()).toHaveLength(1);

    const answer = await importFile(server, pool, file);
    expect(counts(answer)).toMatchObject({ created: 3, failed: 2 });
    const { body } = await api.get(`${poolPath(pool)}/imports/${answer.body.id}`);
    expect(body.errors.map(({ line, pointer }: Record<string, unknown>) => [line, pointer])).toEqual([
      [4, '/groups/0'],
      [5, '/groups/0'],
    ]);
    const [everyone, sales] = await groups();
    expect(await groups()).toMatchObject([
      { name: 'Everyone', parent_id: null },
      { name: 'Sales', parent_id: staff.id },
      { name: 'Staff', parent_id: null },
    ]);
    for (const { group_id: id } of [everyone, sales]) {
      const members = await api.get(`${poolPath(pool)}/groups/${id}/users`);
      expect(members.body.users.map((user: { id: string }) => user.id)).toEqual(['g1', 'g2']);
    }
    const made = await server.db.knex('audit_events').where({ event_subject: 'group', action: 'created' });
    expect(made.filter(({ metadata }) => metadata.identity_pool_id === pool)).toHaveLength(3);
    expect(counts(await importFile(server, pool, file))).toMatchObject({ created: 0, skipped: 3 });

    const many = (at: number) => Array.from({ length: 21 }, (_, n) => `${at}/${n}`);
    const crowd = ndjson(...Array.from({ length: 50 }, (_, n) => somebody(`g-${n}`, { groups: many(n) })));
    const { body: failed } = await importFile(server, pool, crowd);
    expect(failed).toMatchObject({
      status: 'failed',
      created: 0,
      failure: expect.stringContaining('too many groups'),
    });
    expect(await groups()).toHaveLength(3);
  });

  test('can be cancelled while its file comes; who is written stays, the record says so', async () => {
    const pool = await newPool(server);
    const api = server.api('default');
    let push: (text: string) => void = () => {};
    let close = () => {};
    const file = new ReadableStream({
      start(controller) {
        push = (text) => controller.enqueue(Buffer.from(text));
        close = () => controller.close();
      },
    });
    const answer = importFile(server, pool, file);
    push(ndjson(...Array.from({ length: 1_000 }, (_, index) => somebody(`cancelled-${index}`))));
    let job: Record<string, unknown> = {};
    await expect
      .poll(async () => {
        [job = {}] = (await api.get(`${poolPath(pool)}/imports`)).body.imports;
        return job['created'];
      })
      .toBe(1_000);
    expect(job['status']).toBe('receiving');
    const cancelled = await api.post(`${poolPath(pool)}/imports/${String(job['id'])}/cancel`, '');
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled', created: 1_000 } });
    expect((await api.post(`${poolPath(pool)}/imports/${String(job['id'])}/cancel`, '')).status).toBe(409);
    push(ndjson(somebody('too-late')));
    close();
    expect((await answer).status).toBe(409);
    expect(await countPeople(server, pool)).toEqual({ said: 1_000, held: 1_000 });

    const events = await server.db.knex('audit_events').where({ event_subject: 'import' });
    const mine = events.filter(({ metadata }) => metadata.identity_pool_id === pool);
    expect(mine.map(({ action }) => action).sort()).toEqual(['cancelled', 'started']);
  });

  test('whose sender goes away keeps what came and can be sent again', async () => {
    const pool = await newPool(server);
    const file = ndjson(...Array.from({ length: 50 }, (_, index) => somebody(`broken-${index}`)));
    const half = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(file.slice(0, file.length / 2)));
        setTimeout(() => controller.error(new Error('the cable is out')), 100);
      },
    });
    await expect(importFile(server, pool, half)).rejects.toThrow();
    const [job] = (await server.api('default').get(`${poolPath(pool)}/imports`)).body.imports;
    const { body } = await ended(server, pool, job.id);
    expect(body.status).toBe('interrupted');
    const answer = await importFile(server, pool, file);
    expect(counts(answer)).toMatchObject({
      status: 'completed',
      created: 50 - body.created,
      skipped: body.created,
    });
    expect(await countPeople(server, pool)).toEqual({ said: 50, held: 50 });
  });

  test('whose rows come slowly stays with whoever receives it', async () => {
    const pool = await newPool(server);
    const { db, domain } = server;
    const sealer = createSealer([{ kid: 'test', key: Buffer.alloc(32, 7).toString('base64') }]);
    const imports = createImportService({ db, sealer, publicUrl: server.url, renewEveryMs: 20 });
    const rest = Promise.withResolvers<void>();
    const slow = async function* () {
      yield Buffer.from(ndjson(somebody('slow-first')));
      await rest.promise;
      yield Buffer.from(ndjson(somebody('slow-last')));
    };
    const how = {
      source: 'api',
      format: 'ndjson',
      dryRun: false,
      mayBringSecrets: false,
      mayBringGroups: false,
    } as const;
    const received = imports.receive({ tenantId: 'default', poolId: pool }, how, slow(), SYSTEM_ACTOR);
    const mine = () => db.knex('imports').where({ pool_id: pool });
    await expect.poll(async () => (await mine()).length).toBe(1);
    // As if nothing had come for as long as the lease lasts.
    await mine().update({ lease_until: db.knex.raw('now()') });
    await expect.poll(async () => (await mine().whereRaw('lease_until > now()')).length).toBe(1);
    await domain.imports.sweep();
    rest.resolve();
    await (
      await received
    ).done;
    expect(await mine().first()).toMatchObject({ status: 'completed', created_rows: 2 });
  });

  test('waits for the deletion of a schema, and then brings nobody who would follow it', async () => {
    const pool = await newPool(server);
    const { knex } = server.db;
    const api = server.api('default');
    const { body: schema } = await api.post('/api/identity/default/admin/schemas', {
      name: 'Going',
      schema: { type: 'object', properties: { name: { type: 'string' } } },
    });
    const deleting = await knex.transaction();
    await deleting('schemas').where({ tenant_id: 'default', schema_id: schema.id }).del();
    const follower = somebody('follower', { payload_schema_id: schema.id, payload: { name: 'F' } });
    const answer = importFile(server, pool, ndjson(follower));
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database()
      AND wait_event_type = 'Lock' AND query LIKE '%FROM schemas%'`;
    await expect.poll(async () => (await knex.raw(waiting)).rowCount).toBe(1);
    await deleting.commit();
    expect(counts(await answer)).toMatchObject({ status: 'completed', created: 0, failed: 1 });
  });

  test('whose pool is deleted fails, and its rows are gone before the pool is', async () => {
    const pool = await newPool(server);
    const { db, domain } = server;
    const { body } = await importFile(server, pool, ndjson(somebody('gone')));
    const mine = () => db.knex('imports').where({ pool_id: pool });
    // As a process leaves it that ends in the middle.
    const job = { tenant_id: 'default', import_id: body.id };
    await db.knex('import_rows').insert({ ...job, line: 2, user_id: 'unwritten', document: '{}' });
    await mine().update({ status: 'running', finished_at: null, staged: true });
    await domain.pools.remove(
      { tenantId: 'default', poolId: pool },
      { withConnections: false },
      SYSTEM_ACTOR,
    );
    await domain.pools.purge();
    expect(await mine()).toMatchObject([{ staged: true }]);

    await mine().update({ lease_until: db.knex.raw('now()') });
    await domain.imports.sweep();
    expect(await mine()).toMatchObject([
      { staged: false, status: 'failed', failure: 'the pool was deleted' },
    ]);
    expect(await db.knex('import_rows').where(job)).toEqual([]);
    await domain.pools.purge();
    expect(await mine()).toEqual([]);
  });
});
