import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { openDatabase, withClient, type Database, type DatabaseClient } from './connection.ts';
import { isDatabaseUnavailable, translateDatabaseError } from './errors.ts';

const MIGRATIONS_DIR = join(import.meta.dirname, '..', '..', 'migrations');
const MIGRATIONS_TABLE = 'knex_migrations';

// Any fixed number: the same for every Weir on one database, unlikely to be another program's.
const ADVISORY_LOCK_KEY = 7_239_511_804;
const LOCK_POLL_MS = 100;
const LOCK_WAIT_MS = 5 * 60 * 1000;

/** A migration does not fit the data it found. The message names it; the database is as before it. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

export type MigrationOptions = {
  /** Default: the `migrations` directory of this project. */
  directory?: string;
  onWarning?: (message: string) => void;
};

/**
 * Brings the schema up to this program's version and gives the names of the migrations it ran, each in a
 * transaction of its own. Safe at any number of processes at once and to be killed anywhere: the holder of a
 * session's advisory lock works, the others wait and find nothing to do. Throws `DatabaseUnavailable`.
 */
export async function migrate(db: Database, options: MigrationOptions = {}): Promise<string[]> {
  // A migration may take longer than any request: a pool of its own, without the limit on statements.
  const own = openDatabase({ ...db.options, poolMax: 2, statementTimeoutMs: 0 });
  try {
    return await withClient(own.knex, async (client) => {
      await takeLock(client);
      return await runPending(own.knex, options);
    });
  } catch (error) {
    throw translateDatabaseError(error);
  } finally {
    await own.close(); // ends the session that holds the lock
  }
}

/** Names of the migrations that this program has and the database does not. Changes nothing. */
export async function pendingMigrations(db: Database, options: MigrationOptions = {}): Promise<string[]> {
  const done = new Set(await completedMigrations(db.knex));
  return (await migrationNames(options.directory)).filter((name) => !done.has(name));
}

async function runPending(knex: Knex, options: MigrationOptions): Promise<string[]> {
  const config: Knex.MigratorConfig = {
    tableName: MIGRATIONS_TABLE,
    migrationSource: migrationSource(options.directory),
    // The previous version keeps running on the schema of its successor.
    disableMigrationsListValidation: true,
  };
  const known = new Set(await migrationNames(options.directory));
  const unknown = (await completedMigrations(knex)).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    options.onWarning?.(`The database is ahead of this program, which does not know: ${unknown.join(', ')}`);
  }
  // A crash leaves knex's own lock row set. Ours is the lock that counts, and we hold it.
  await knex.migrate.forceFreeMigrationsLock(config);
  const ran: string[] = [];
  for (;;) {
    const [, names] = (await knex.migrate.up(config)) as [number, string[]];
    if (names.length === 0) return ran;
    ran.push(...names);
  }
}

async function takeLock(client: DatabaseClient): Promise<void> {
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
      ADVISORY_LOCK_KEY,
    ]);
    if (rows[0]?.taken) return;
    if (Date.now() > deadline)
      throw new Error('Another process has been migrating this database for 5 minutes');
    await sleep(LOCK_POLL_MS);
  }
}

async function completedMigrations(knex: Knex): Promise<string[]> {
  const { rows } = await knex.raw<{ rows: { present: boolean }[] }>(
    'select to_regclass(?) is not null as present',
    [MIGRATIONS_TABLE],
  );
  if (!rows[0]?.present) return [];
  return await knex(MIGRATIONS_TABLE).orderBy('id').pluck('name');
}

/** Names carry no extension, so that they stay the same when the files are compiled one day. */
async function migrationNames(directory = MIGRATIONS_DIR): Promise<string[]> {
  const files = await readdir(directory);
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

function migrationSource(directory = MIGRATIONS_DIR): Knex.MigrationSource<string> {
  return {
    getMigrations: () => migrationNames(directory),
    getMigrationName: (name) => name,
    getMigration: async (name) => {
      const file = pathToFileURL(join(directory, `${name}.ts`)).href;
      const { up } = (await import(file)) as Pick<Knex.Migration, 'up'>;
      return { up: (knex) => runNamed(name, async () => up(knex)), down: refuseDown };
    },
  };
}

async function runNamed(name: string, up: () => Promise<void>): Promise<void> {
  try {
    await up();
  } catch (cause) {
    if (isDatabaseUnavailable(cause)) throw cause;
    throw new MigrationError(`Migration ${name} failed and was rolled back: ${(cause as Error).message}`, {
      cause,
    });
  }
}

const refuseDown = () => Promise.reject(new Error('Migrations only go forward: restore a backup instead'));
