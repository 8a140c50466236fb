import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEmbedded } from '../../src/db/embedded.ts';
import { runNode } from '../support/child_process.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary_directory.ts';

const ROUNDS = 30;
const OWNER = join(import.meta.dirname, 'embedded_owner.ts');

let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = await createTemporaryDirectory();
});
afterAll(() => directory.remove());

it(
  'every acknowledged write survives 30 rounds of kill -9, without a manual step',
  { timeout: 90_000 },
  async () => {
    const dataDir = join(directory.path, 'data');
    const acknowledged = new Set<number>();
    for (let round = 1; round <= ROUNDS; round += 1) {
      const server = runNode(OWNER, [dataDir]);
      await server.line(/^committed/);
      await sleep(randomInt(5, 250));
      const postmaster = Number(
        (await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0],
      );
      server.kill('SIGKILL');
      // Now and then PostgreSQL is killed too, as a crash of the machine would.
      if (round % 3 === 0) process.kill(postmaster, 'SIGKILL');
      await server.ended;
      for (const line of server.lines) {
        const id = /^committed (\d+)$/.exec(line)?.[1];
        if (id !== undefined) acknowledged.add(Number(id));
      }
    }

    const embedded = await startEmbedded({ dataDir });
    try {
      const client = new Client({ connectionString: embedded.url });
      await client.connect();
      const { rows } = await client.query<{ id: string }>('select id from writes');
      await client.end();
      const present = new Set(rows.map(({ id }) => Number(id)));
      expect(acknowledged.size).toBeGreaterThan(ROUNDS);
      expect([...acknowledged].filter((id) => !present.has(id))).toEqual([]);
    } finally {
      await embedded.stop();
    }
  },
);
