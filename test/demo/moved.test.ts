import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootstrap } from '../../src/bootstrap.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { testConfig } from '../support/config.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const start = (port: string) => {
  const config = testConfig({ DEMO_PORT: port });
  return bootstrap({ config, db: database.db, secrets: { masterKeys: config.masterKeys } });
};
const redirectUris = () => database.db.knex('clients').where({ workspace_id: 'demo' }).pluck('redirect_uris');

test('the demo application may move to another port, and back', async () => {
  expect((await start('8081')).credentials?.administrator).toBeDefined();
  expect(await start('8099')).toEqual({});
  expect(await start('8081')).toEqual({});
  const both = ['http://localhost:8081/callback', 'http://localhost:8099/callback'];
  expect(await redirectUris()).toEqual([both, both]);
});

test('a demo that was removed stays away', async () => {
  await database.db.knex('clients').where({ workspace_id: 'demo' }).del();
  expect(await start('8100')).toEqual({});
  expect(await redirectUris()).toEqual([]);
});
