import { globSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer, type ApiServer } from '../support/api_server.ts';
import { countPeople, importFile, newPool } from './support.ts';

const FOLDER = resolve(import.meta.dirname, '../../docs/how_to/migrate_users');
const EXAMPLES = globSync('*', { cwd: FOLDER }).sort();

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server.stop());

describe('the examples of how to migrate people', () => {
  test('are one for each system', () => {
    expect(EXAMPLES.map((name) => basename(name).replace(/\..*/, ''))).toEqual([
      'from_auth0',
      'from_cognito',
      'from_keycloak',
      'from_ldap',
    ]);
  });

  test.each(EXAMPLES)('%s can be imported, every line of it', async (name) => {
    const pool = await newPool(server);
    const file = readFileSync(join(FOLDER, name), 'utf8');
    const type = name.endsWith('.csv') ? 'text/csv' : 'application/x-ndjson';
    const dry = await importFile(server, pool, file, { type, query: '?dry_run=true' });
    const people = file.trim().split('\n').length - (name.endsWith('.csv') ? 1 : 0);
    expect(dry.body).toMatchObject({ status: 'completed', dry_run: true, created: people, failed: 0 });
    expect(await countPeople(server, pool)).toEqual({ said: 0, held: 0 });
  });
});
