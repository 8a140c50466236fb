import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { migrate, pendingMigrations } from '../../src/db/migrate.ts';
import { runNode } from '../support/child_process.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary_directory.ts';

const MIGRATING = join(import.meta.dirname, 'migrating.ts');
const NAMES = ['0001_first', '0002_second', '0003_third', '0004_fourth'];

let directory: TemporaryDirectory;
let test: TestDatabase;

beforeAll(async () => {
  directory = await createTemporaryDirectory();
  // Each takes its time between two statements, so that a kill lands inside one.
  for (const name of NAMES) {
    const table = `t_${name}`;
    await writeFile(
      join(directory.path, `${name}.ts`),
      `export async function up(knex: { raw(sql: string): Promise<unknown> }): Promise<void> {
         await knex.raw('create table ${table} (id int)');
         await knex.raw('select pg_sleep(0.1)');
         await knex.raw('insert into ${table} values (1)');
       }\n`,
    );
  }
});
afterAll(() => directory.remove());
beforeEach(async () => {
  test = await createEmptyDatabase();
});
afterEach(() => test.close());

const run = () => runNode(MIGRATING, [test.url, directory.path]);
const stored = () => test.db.knex('knex_migrations').orderBy('id').pluck('name');

async function expectEachAppliedOnce(): Promise<void> {
  expect(await stored()).toEqual(NAMES);
  for (const name of NAMES) expect(await test.db.knex(`t_${name}`).pluck('id')).toEqual([1]);
}

it('are named without extension and listed while they are pending', async () => {
  expect(await pendingMigrations(test.db, { directory: directory.path })).toEqual(NAMES);
  const { rows } = await test.db.knex.raw(`select to_regclass('knex_migrations') as made`);
  expect(rows).toEqual([{ made: null }]);
  const child = run();
  expect(await child.line(/^ran/)).toBe(`ran ${NAMES.join(',')}`);
  await expectEachAppliedOnce();
  expect(await pendingMigrations(test.db, { directory: directory.path })).toEqual([]);
});

it('are finished by the next start after a kill -9 anywhere', async () => {
  for (const delayMs of [60, 150, 240]) {
    const child = run();
    await child.line(/^migrating/);
    await sleep(delayMs);
    child.kill('SIGKILL');
    await child.ended;
  }
  const last = run();
  await last.line(/^ran/);
  expect(await last.ended).toBe(0);
  await expectEachAppliedOnce();
});

it('run once when several processes start at the same time', async () => {
  const children = [run(), run(), run()];
  const lines = await Promise.all(children.map((child) => child.line(/^ran/)));
  expect(lines.toSorted()).toEqual(['ran ', 'ran ', `ran ${NAMES.join(',')}`]);
  await expectEachAppliedOnce();
});

it('that this program does not know are reported and left alone: the previous version keeps running', async () => {
  const ahead = await createTestDatabase();
  try {
    await ahead.db
      .knex('knex_migrations')
      .insert({ name: '9999_future', batch: 99, migration_time: new Date() });
    const warnings: string[] = [];
    expect(await migrate(ahead.db, { onWarning: (message) => warnings.push(message) })).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('9999_future')]);
  } finally {
    await ahead.close();
  }
});

it('roll back as a whole when one of their statements fails, and say which', async () => {
  const broken = await createTemporaryDirectory();
  try {
    await writeFile(
      join(broken.path, '0001_broken.ts'),
      `export async function up(knex: { raw(sql: string): Promise<unknown> }): Promise<void> {
         await knex.raw('create table half (id int)');
         await knex.raw('select nonsense');
       }\n`,
    );
    const child = runNode(MIGRATING, [test.url, broken.path]);
    expect(await child.ended).toBe(1);
    expect(child.errors()).toContain('0001_broken');
    const { rows } = await test.db.knex.raw(`select to_regclass('half') as made`);
    expect(rows).toEqual([{ made: null }]);
  } finally {
    await broken.remove();
  }
});
