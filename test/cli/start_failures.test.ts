import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acquireOwnerLock } from '../../src/db/embedded/owner_lock.ts';
import { runNode } from '../support/child_process.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary_directory.ts';

const WEIR = join(import.meta.dirname, '..', '..', 'bin', 'weir.mjs');
// Promised to whoever mistyped a setting.
const LIMIT_MS = 3_000;
const KEYS = { MASTER_KEY: `k:${Buffer.alloc(32).toString('base64')}`, COOKIE_KEYS: 'c'.repeat(32) };

let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = await createTemporaryDirectory();
});
afterAll(() => directory.remove());

/** Runs the command, which has to end by itself in time, and gives its exit code and its lines. */
async function weir(args: readonly string[], env: Record<string, string> = {}) {
  const startedAt = performance.now();
  const child = runNode(WEIR, args, { DATA_DIR: join(directory.path, 'data'), ...env });
  const code = await child.ended;
  const tookMs = performance.now() - startedAt;
  return { code, tookMs, output: child.lines.join('\n'), errors: child.errors().trim().split('\n') };
}

describe('a start that cannot work ends by itself, non-zero, with a line for each reason', () => {
  it('bad configuration, in under 3 s', async () => {
    const { code, tookMs, errors } = await weir([], {
      NODE_ENV: 'production',
      PORT: 'eighty-secret',
      MASTER_KEY: 'k1:secret',
      LOG_LEVEL: 'loud-secret',
    });
    expect(code).toBe(1);
    expect(tookMs).toBeLessThan(LIMIT_MS);
    expect(errors.map((line) => line.replace(/^weir: ([A-Z_]+): .*/, '$1')).toSorted()).toEqual([
      'COOKIE_KEYS',
      'DATABASE_URL',
      'LOG_LEVEL',
      'MASTER_KEY',
      'PORT',
      'PUBLIC_URL',
    ]);
    expect(errors.join()).not.toContain('secret');
  });

  it('no database', async () => {
    const { code, errors } = await weir(['serve'], {
      ...KEYS,
      DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/x',
    });
    expect({ code, errors }).toEqual({
      code: 1,
      errors: [
        'weir: DATABASE_URL: the database does not answer, check that it runs and can be reached from here',
      ],
    });
  });

  it('a database that accepts connections and says nothing', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const { code, errors } = await weir(['serve'], {
      ...KEYS,
      DATABASE_URL: `postgres://u@127.0.0.1:${port}/x`,
    });
    silent.close();
    expect(code).toBe(1);
    expect(errors).toEqual([expect.stringContaining('DATABASE_URL: the database does not answer')]);
  });

  it('a data directory in use', async () => {
    const lock = await acquireOwnerLock(directory.path);
    const { code, errors } = await weir([], { DATA_DIR: directory.path });
    lock.release();
    expect(code).toBe(1);
    expect(errors).toEqual([expect.stringContaining(`in use by another Weir (process ${process.pid})`)]);
  });

  it('an old Node, before anything is imported', async () => {
    const pretend = join(directory.path, 'pretend.cjs');
    await writeFile(pretend, `Object.defineProperty(process, 'versions', { value: { node: '20.19.0' } });`);
    const { code, errors } = await weir([], { NODE_OPTIONS: `--require ${pretend}` });
    expect(code).toBe(1);
    expect(errors).toEqual([expect.stringMatching(/^Weir needs Node 24 or newer, this is 20\.19\.0/)]);
  });
});

describe('the command line', () => {
  it('explains itself', async () => {
    const { code, output } = await weir(['--help']);
    expect(code).toBe(0);
    for (const command of ['serve', 'migrate', 'doctor', 'admin', 'tenant'])
      expect(output).toContain(`  ${command}`);
  });

  it('refuses what it does not know', async () => {
    const { code, errors } = await weir(['sevre']);
    expect(code).toBe(1);
    expect(errors.join()).toContain('sevre');
  });

  it('doctor tells every finding with a hint, and fails when one is serious', async () => {
    const broken = await weir(['doctor'], { ...KEYS, DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/x' });
    expect(broken.code).toBe(1);
    expect(broken.output).toMatch(/^ok +configuration/m);
    expect(broken.output).toMatch(/^FAIL +database .*does not answer.* -> /m);
    expect(broken.output).toMatch(/^warn +mail .* -> set SMTP_URL/m);
    expect(broken.output).not.toContain('secret');

    const fresh = await weir(['doctor']);
    expect(fresh.code).toBe(0);
    expect(fresh.output).toMatch(/^warn +database .* -> the first start creates it/m);
  });
});
