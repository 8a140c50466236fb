import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadOrCreateLocalSecrets, resolveSecrets } from '../../src/local_secrets.ts';
import { testConfig } from '../support/config.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-secrets-'));
});
afterEach(() => rm(directory, { recursive: true }));

it('makes the keys once, for their owner only, and keeps them', async () => {
  const dataDir = join(directory, 'data');
  const first = await loadOrCreateLocalSecrets(dataDir);
  expect(await loadOrCreateLocalSecrets(dataDir)).toEqual(first);
  expect(Buffer.from(first.masterKeys[0]?.key ?? '', 'base64')).toHaveLength(32);
  expect((await stat(join(dataDir, 'secrets.json'))).mode & 0o777).toBe(0o600);
  expect(await readdir(dataDir)).toEqual(['secrets.json']);
});

it('gives all of many callers at once the same keys', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateLocalSecrets(directory)));
  expect(new Set(all.map((secrets) => JSON.stringify(secrets))).size).toBe(1);
});

it('refuses a damaged file instead of replacing it', async () => {
  await writeFile(join(directory, 'secrets.json'), '{"masterKeys":');
  await expect(loadOrCreateLocalSecrets(directory)).rejects.toThrow(/secrets\.json is damaged/);
});

it('creates no file when the environment gives the keys', async () => {
  const config = testConfig({ DATA_DIR: directory });
  expect(await resolveSecrets(config)).toEqual({
    masterKeys: config.masterKeys,
    cookieKeys: config.cookieKeys,
  });
  expect(await readdir(directory)).toEqual([]);
});
