import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { runNode, type Child } from '../support/child_process.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { freePort } from '../support/free_port.ts';

const WEIR = join(import.meta.dirname, '..', '..', 'bin', 'weir.mjs');

let database: TestDatabase;
let port: number;
let demoPort: number;
let running: Child | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  port = await freePort();
  demoPort = await freePort();
});
afterEach(async () => {
  running?.kill('SIGTERM');
  await running?.ended;
});
afterAll(() => database.close());

/** Starts the server and waits for the end of its summary. */
async function start(env: Record<string, string> = {}): Promise<string> {
  running = runNode(WEIR, [], {
    PORT: String(port),
    DEMO_PORT: String(demoPort),
    DATABASE_URL: database.url,
    MASTER_KEY: `k:${Buffer.alloc(32, 5).toString('base64')}`,
    COOKIE_KEYS: 'a cookie key that is long enough for this',
    ...env,
  });
  await running.line(env['NODE_ENV'] === 'production' ? /listening/ : /Sign in as/);
  return running.lines.join('\n');
}

const demoAnswers = () =>
  fetch(`http://localhost:${demoPort}/`).then(
    (response) => response.text(),
    () => undefined,
  );

test('in development the demo application starts with the server and stops with it', async () => {
  expect(await start()).toContain(`http://localhost:${demoPort}`);
  expect(await demoAnswers()).toContain('mara@example.test');
  running?.kill('SIGTERM');
  expect(await running?.ended).toBe(0);
  expect(await demoAnswers()).toBeUndefined();
});

test('where its port is taken the server runs without it, and says so', async () => {
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(demoPort, '127.0.0.1', resolve));
  const output = await start();
  expect(output).toContain(`the demo application cannot listen on port ${demoPort}`);
  expect(output).not.toContain('Demo app ');
  expect((await fetch(`http://localhost:${port}/readyz`)).status).toBe(200);
  await new Promise((resolve) => squatter.close(resolve));
});

test('in production it does not start', async () => {
  await start({ NODE_ENV: 'production', PUBLIC_URL: `http://localhost:${port}`, HOST: '127.0.0.1' });
  expect((await fetch(`http://localhost:${port}/readyz`)).status).toBe(200);
  expect(await demoAnswers()).toBeUndefined();
});
