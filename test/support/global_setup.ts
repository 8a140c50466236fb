import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bootstrap, type BootstrapResult } from '../../src/bootstrap.ts';
import { openDatabase, type Database } from '../../src/db/connection.ts';
import { startEmbedded } from '../../src/db/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import { testConfig } from './config.ts';
import { administer, databaseAt, type TestServer } from './database_server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    testServer: TestServer;
    /** What the first start gave, in the databases cloned from `firstStart`. */
    firstCredentials: BootstrapResult['credentials'];
  }
}

/** One PostgreSQL for the whole run, its own or that of TEST_DATABASE_URL, with two templates: migrated, and started once. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const external = process.env['TEST_DATABASE_URL'];
  const server = external ? { url: external, stop: async () => {} } : await startOwnServer();
  const template = `weir_template_${randomBytes(6).toString('hex')}`;
  const firstStart = `${template}_started`;
  try {
    await administer(server.url, `create database ${template}`);
    await inDatabase(databaseAt(server.url, template), migrate);
    await administer(server.url, `create database ${firstStart} template ${template}`);
    const config = testConfig();
    const secrets = { masterKeys: config.masterKeys };
    const { credentials } = await inDatabase(databaseAt(server.url, firstStart), (db) =>
      bootstrap({ config, db, secrets }),
    );
    project.provide('firstCredentials', credentials);
  } catch (error) {
    await server.stop();
    throw error;
  }
  project.provide('testServer', { url: server.url, template, firstStart });
  return async () => {
    for (const name of [template, firstStart])
      await administer(server.url, `drop database ${name} with (force)`);
    await server.stop();
  };
}

async function inDatabase<T>(url: string, run: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase({ url });
  try {
    return await run(db);
  } finally {
    await db.close();
  }
}

async function startOwnServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'weir-test-'));
  await chmod(dataDir, 0o711); // the account PostgreSQL runs as must get in when this is root
  const remove = () => rmSync(dataDir, { recursive: true, force: true });
  process.once('exit', remove); // an interrupted run leaves nothing behind either
  try {
    // Suites race from many connections, and nothing here has to survive a power cut.
    const embedded = await startEmbedded({ dataDir, settings: { max_connections: '300', fsync: 'off' } });
    return {
      url: embedded.url,
      stop: async () => {
        await embedded.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
