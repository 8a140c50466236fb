import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { openDatabase, type Database, type DatabaseOptions } from '../../src/db/connection.ts';
import { administer, databaseAt } from './database_server.ts';

export type TestDatabase = {
  readonly db: Database;
  /** For further pools and for processes of their own. */
  readonly url: string;
  /** Closes the pool and drops the database. */
  close(): Promise<void>;
};

/** A migrated database of the suite's own, cloned from the template; close it in `afterAll`. */
export async function createTestDatabase(options: Omit<DatabaseOptions, 'url'> = {}): Promise<TestDatabase> {
  const { template } = inject('testServer');
  return await clone(`template ${template}`, options);
}

/** The same, in which a server has started once with `testConfig()`. */
export async function createStartedDatabase(
  options: Omit<DatabaseOptions, 'url'> = {},
): Promise<TestDatabase> {
  const { firstStart } = inject('testServer');
  return await clone(`template ${firstStart}`, options);
}

/** A database without any table, for tests of the migrations. */
export async function createEmptyDatabase(options: Omit<DatabaseOptions, 'url'> = {}): Promise<TestDatabase> {
  return await clone('template template0', options);
}

async function clone(template: string, options: Omit<DatabaseOptions, 'url'>): Promise<TestDatabase> {
  const server = inject('testServer');
  const name = `weir_test_${randomBytes(6).toString('hex')}`;
  await administer(server.url, `create database ${name} ${template}`);
  const url = databaseAt(server.url, name);
  const db = openDatabase({ poolMax: 5, ...options, url });
  return {
    db,
    url,
    close: async () => {
      await db.close();
      await administer(server.url, `drop database ${name} with (force)`);
    },
  };
}
