import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer, type ApiServer } from '../support/api_server.ts';
import { runNode, type Child } from '../support/child_process.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary_directory.ts';
import { countPeople, importFile, ndjson, newPool, poolPath, somebody } from './support.ts';

const WEIR = join(import.meta.dirname, '..', '..', 'bin', 'weir.mjs');
const ROWS = 3_000;

let server: ApiServer;
let directory: TemporaryDirectory;
beforeAll(async () => {
  [server, directory] = await Promise.all([startApiServer(), createTemporaryDirectory()]);
});
afterAll(() => Promise.all([server.stop(), directory.remove()]));

const weir = (...args: string[]): Child =>
  runNode(WEIR, args, {
    DATABASE_URL: server.db.options.url,
    DATA_DIR: join(directory.path, 'data'),
    PUBLIC_URL: server.url,
    MASTER_KEY: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    COOKIE_KEYS: 'c'.repeat(32),
  });

/** A file of people; two in each hundred without an id. */
async function fileOf(prefix: string): Promise<string> {
  const path = join(directory.path, `${prefix}.ndjson`);
  const people = Array.from({ length: ROWS }, (_, index) => {
    const line = somebody(`${prefix}-${index}`);
    return index % 50 === 0 ? { ...line, id: undefined } : line;
  });
  await writeFile(path, ndjson(...people));
  return path;
}

const jobsOf = async (pool: string) =>
  (await server.api('default').get(`${poolPath(pool)}/imports?order=asc`)).body.imports as {
    id: string;
    status: string;
    created: number;
    skipped: number;
    failed: number;
  }[];

const counted = (text: string) => text.match(/\d+(?= (lines|created|there|refused))/g)?.map(Number);

describe('weir import users', () => {
  test('killed in the middle goes on with the same file, everybody once', async () => {
    const [pool, file] = [await newPool(server), await fileOf('killed')];
    const args = ['import', 'users', '--pool', pool, file];
    const first = weir(...args);
    await expect
      .poll(async () => (await countPeople(server, pool)).held, { timeout: 15_000, interval: 5 })
      .toBeGreaterThan(0);
    first.kill('SIGKILL');
    await first.ended;
    const { said, held } = await countPeople(server, pool);
    expect(said).toBe(held);

    const second = weir(...args);
    expect({ code: await second.ended, errors: second.errors() }).toEqual({ code: 0, errors: '' });
    expect(second.lines.at(-1)).toMatch(/^completed: .* users\/s$/);
    const [lines, created = 0, there = 0, refused] = counted(second.lines.at(-1) ?? '') ?? [];
    expect({ lines, refused }).toEqual({ lines: ROWS, refused: 0 });
    expect(created + there).toBe(ROWS);
    expect(await countPeople(server, pool)).toEqual({ said: ROWS, held: ROWS });

    // Whoever tidies up later ends what the dead process left, and writes nobody twice.
    await server.db
      .knex('imports')
      .where({ pool_id: pool })
      .update({ lease_until: server.db.knex.raw('now()') });
    await server.domain.imports.sweep();
    expect(await countPeople(server, pool)).toEqual({ said: ROWS, held: ROWS });
    const jobs = await jobsOf(pool);
    expect(jobs.map(({ status }) => status)).toEqual([
      expect.stringMatching(/^(interrupted|completed)$/),
      'completed',
    ]);
    expect(await server.db.knex('import_rows').count('* as n')).toEqual([{ n: 0 }]);
  });

  test('says so when the database has crashed and lost the rows that waited', async () => {
    const [pool, { knex }] = [await newPool(server), server.db];
    const { body } = await importFile(server, pool, ndjson(somebody('kept')));
    // As after a crash: received, never decided about, and gone.
    const job = { tenant_id: 'default', import_id: body.id };
    const undone = { status: 'running', finished_at: null, staged: true, received_lines: 2 };
    await knex('imports')
      .where(job)
      .update({ ...undone, lease_until: knex.raw('now()') });
    await server.domain.imports.sweep();
    const [after] = await jobsOf(pool);
    expect(after).toMatchObject({
      status: 'interrupted',
      created: 1,
      failure: expect.stringContaining('repeat'),
    });
  });

  test('at two places at once with one file writes everybody once', async () => {
    const [pool, file] = [await newPool(server), await fileOf('both')];
    const both = [1, 2].map(() => weir('import', 'users', '--pool', pool, file));
    expect(await Promise.all(both.map((child) => child.ended))).toEqual([0, 0]);
    const jobs = await jobsOf(pool);
    expect(jobs.map(({ created, skipped, failed }) => [created + skipped, failed])).toEqual([
      [ROWS, 0],
      [ROWS, 0],
    ]);
    expect(jobs.reduce((sum, { created }) => sum + created, 0)).toBe(ROWS);
    expect(await countPeople(server, pool)).toEqual({ said: ROWS, held: ROWS });
  });

  test('and weir export users undo each other, hashes and secrets included', async () => {
    const [from, to] = [await newPool(server), await newPool(server)];
    const hash = '$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK';
    await importFile(
      server,
      from,
      ndjson(
        somebody('moving', {
          metadata: { plan: 'gold' },
          groups: [['Staff', 'Sales / EU'], 'Everyone'],
          verifiable_addresses: [{ type: 'email', address: 'moving@example.test', verified: true }],
          credentials: [
            { type: 'password', payload: { hashed_password: hash } },
            { type: 'totp', payload: { secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' } },
          ],
        }),
      ),
    );
    const exported = weir('export', 'users', '--pool', from);
    expect(await exported.ended).toBe(0);
    const [line = ''] = exported.lines;
    expect(exported.lines).toHaveLength(1);
    expect(line).toContain(hash);
    expect(line).toContain('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP');
    expect(JSON.parse(line).groups).toEqual([['Everyone'], ['Staff', 'Sales / EU']]);

    const overHttp = await fetch(`${server.url}${poolPath(from)}/users/export`, {
      headers: { authorization: `Bearer ${await server.token('default')}` },
    });
    expect(overHttp.headers.get('content-type')).toBe('application/x-ndjson');
    expect(await overHttp.text()).toBe(`${line}\n`);

    // Somebody who is there keeps the id, so that the copy needs another one.
    const copy = join(directory.path, 'copy.ndjson');
    await writeFile(copy, `${line.replace('"id":"moving"', '"id":"moved"')}\n`);
    const imported = weir('import', 'users', '--pool', to, copy);
    expect({ code: await imported.ended, errors: imported.errors() }).toEqual({ code: 0, errors: '' });
    const again = weir('export', 'users', '--pool', to);
    await again.ended;
    const plain = (text: string) => {
      const { id: _id, ...rest } = JSON.parse(text.replaceAll(/"id":"[0-9a-f-]{36}",?/g, '')) as {
        id: string;
      };
      const { credentials, ...person } = JSON.parse(
        JSON.stringify(rest)
          .replaceAll(/"[a-z_]+_at":"[^"]*",?/g, '')
          .replaceAll(',}', '}'),
      ) as { credentials: { type: string }[] };
      // Rows that came together have no order of their own.
      return { ...person, credentials: credentials.toSorted((a, b) => a.type.localeCompare(b.type)) };
    };
    expect(plain(again.lines[0] ?? '{}')).toEqual(plain(line));
    const [event] = await server.db.knex('audit_events').where({ event_subject: 'pool', action: 'exported' });
    expect(event).toMatchObject({ metadata: { identity_pool_id: from, actor: 'system' } });
  });

  test('says what is wrong with a file, and how to go on', async () => {
    const pool = await newPool(server);
    const bad = join(directory.path, 'bad.csv');
    await writeFile(bad, 'id,email,payload.name\nx1,no address,\n');
    const refused = weir('import', 'users', '--pool', pool, bad, '--dry-run');
    expect(await refused.ended).toBe(1);
    expect(refused.lines.at(-1)).toMatch(
      /^completed: 1 lines, 0 would be created, 0 there already, 1 refused/,
    );
    expect(refused.errors()).toMatch(
      /^line 2: .*\/identifiers\/0\/identifier must be one plain e-mail address/m,
    );
    const absent = weir('import', 'users', '--pool', pool, join(directory.path, 'none.ndjson'));
    expect([await absent.ended, absent.errors()]).toEqual([
      1,
      expect.stringMatching(/cannot be read \(ENOENT\)/),
    ]);
    const nowhere = weir('import', 'users', '--pool', 'nowhere', bad);
    expect([await nowhere.ended, nowhere.errors()]).toEqual([1, 'weir: Pool not found\n']);
  });
});

describe('hashes', () => {
  test('come in and go out only with a permission of their own', async () => {
    const pool = await newPool(server);
    const { clientId, clientSecret } = await manager('user_manager', pool);
    const token = await server.token('default', { clientId, clientSecret });
    const withHash = somebody('hashed', {
      credentials: [
        { type: 'password', payload: { hashed_password: { value: 'x', config: { method: 'md5' } } } },
      ],
    });
    const answer = await importFile(server, pool, ndjson(withHash, somebody('plain')), { token });
    expect(answer.body).toMatchObject({ created: 1, failed: 1 });
    const { body } = await server.api('default').get(`${poolPath(pool)}/imports/${answer.body.id}`);
    expect(body.errors).toMatchObject([
      { line: 1, message: 'needs the permission import_identity_pool_users' },
    ]);
    const exported = await server
      .api('default', { clientId, clientSecret })
      .get(`${poolPath(pool)}/users/export`);
    expect(exported.status).toBe(403);
  });
});

async function manager(role: string, poolId: string) {
  const scope = { tenantId: 'default', workspaceId: 'admin' };
  const { SYSTEM_ACTOR } = await import('../support/domain.ts');
  const client = await server.domain.clients.create(
    scope,
    { grantTypes: ['client_credentials'] },
    SYSTEM_ACTOR,
  );
  await server.domain.roles.grant(
    { tenantId: 'default' },
    {
      resourceType: 'identity_pool',
      resourceId: poolId,
      role: role as 'user_manager',
      subjectType: 'client',
      subjectId: client.id,
    },
    SYSTEM_ACTOR,
  );
  return { clientId: client.id, clientSecret: client.clientSecret ?? '' };
}
