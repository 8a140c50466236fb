import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';
import { createTemporaryDirectory } from '../support/temporary_directory.ts';

const run = promisify(execFile);
const read = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8');

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** The documents that the product was made after: what each of them tells a reader to do, done with `curl` alone. */
describe('a seed document can be walked', () => {
  it.concurrent.each(['000', '001', '002', '003', '004'])('%s', async (name) => {
    const directory = await createTemporaryDirectory();
    const secret = server.credentials?.managementClient?.secret ?? '';
    const script = join(directory.path, 'walk.sh');
    writeFileSync(script, `${read('prelude.sh')}\n${read(`${name}.sh`)}`);
    try {
      // Rejects with what the script says to its standard error.
      await run('bash', ['--norc', '-eu', '-o', 'pipefail', script], {
        cwd: directory.path,
        env: {
          PATH: process.env['PATH'],
          WEIR: server.publicUrl,
          SECRET: secret,
          // Nobody listens there: the browser is back at the application.
          CALLBACK: 'http://localhost:9/callback',
        },
      });
    } finally {
      await directory.remove();
    }
  });
});
