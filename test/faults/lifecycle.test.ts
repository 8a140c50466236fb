import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { processIdentity } from '../../src/db/embedded/process_identity.ts';
import { runNode, type Child } from '../support/child_process.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { freePort } from '../support/free_port.ts';
import { createTcpProxy } from '../support/tcp_proxy.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary_directory.ts';

const WEIR = join(import.meta.dirname, '..', '..', 'bin', 'weir.mjs');
const TIMEOUT = { timeout: 60_000 };

let directory: TemporaryDirectory;
let database: TestDatabase;
let port: number;
let running: Child | undefined;

beforeEach(async () => {
  directory = await createTemporaryDirectory();
  database = await createTestDatabase();
  port = await freePort();
});
afterEach(async () => {
  running?.kill('SIGTERM');
  await running?.ended;
  running = undefined;
  await database.close();
  await directory.remove();
});

async function start(env: Record<string, string>): Promise<Child> {
  const demoPort = String(await freePort());
  const child = runNode(WEIR, [], { PORT: String(port), DEMO_PORT: demoPort, ...env });
  running = child;
  await child.line(/Weir is ready/);
  return child;
}

const embedded = () => ({ DATA_DIR: join(directory.path, 'data') });
const external = (url = database.url) => ({
  DATABASE_URL: url,
  MASTER_KEY: `k:${Buffer.alloc(32, 3).toString('base64')}`,
  COOKIE_KEYS: 'a cookie key that is long enough for this',
});

const get = (path: string) => fetch(`http://localhost:${port}${path}`);

it('starts from nothing, shows its credentials once, and stops in order', TIMEOUT, async () => {
  const first = await start(embedded());
  expect((await get('/readyz')).status).toBe(200);
  expect((await get('/default/demo/.well-known/openid-configuration')).status).toBe(200);
  await first.line(/Sign in as/);
  await first.line(/Administrator +admin@example\.test +\S{12,}/);
  await first.line(/Client +management +\S{20,}/);
  const pidFile = join(directory.path, 'data', 'postgres', 'postmaster.pid');
  const postmaster = Number((await readFile(pidFile, 'utf8')).split('\n')[0]);
  first.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  expect(processIdentity(postmaster)).toBeUndefined();

  const second = await start(embedded());
  await second.line(/Sign in as/);
  expect(second.lines.join('\n')).not.toContain('Administrator');
  second.kill('SIGINT');
  expect(await second.ended).toBe(0);
});

it('finishes the running request before it stops, and takes no new one', TIMEOUT, async () => {
  const server = await start(external());
  const body = 'grant_type=client_credentials&client_id=nobody&client_secret=nothing';
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(
    `POST /default/demo/oauth2/token HTTP/1.1\r\nHost: localhost:${port}\r\n` +
      `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
  );
  await sleep(200);
  server.kill('SIGTERM');
  await server.line(/stopping/);
  await sleep(200);
  await expect(get('/livez')).rejects.toThrow();
  socket.write(body.slice(10));
  await closed;
  expect(answer).toMatch(/^HTTP\/1\.1 40\d/);
  expect(answer).toContain('"error"');
  expect(await server.ended).toBe(0);
});

it('is not ready while the database is away, stays alive, and recovers by itself', TIMEOUT, async () => {
  const url = new URL(database.url);
  const proxy = await createTcpProxy({ host: url.hostname, port: Number(url.port || 5432) });
  url.host = `127.0.0.1:${proxy.port}`;
  const server = await start(external(url.href));
  expect((await get('/readyz')).status).toBe(200);

  await proxy.cut();
  await expect.poll(async () => (await get('/readyz')).status).toBe(503);
  const unready = await get('/readyz');
  expect(await unready.json()).toEqual({ ready: false, reason: 'database' });
  expect((await get('/livez')).status).toBe(200);

  await proxy.restore();
  await expect.poll(async () => (await get('/readyz')).status).toBe(200);
  server.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  await proxy.cut();
});

it('serves from several processes, replaces one that dies, and stops them all', TIMEOUT, async () => {
  const server = await start({ ...external(), WEB_CONCURRENCY: '2' });
  expect((await get('/readyz')).status).toBe(200);
  const children = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8');
  const workers = children.trim().split(' ').map(Number);
  expect(workers).toHaveLength(2);
  process.kill(workers[0] as number, 'SIGKILL');
  await server.line(/is being replaced/);
  for (let request = 0; request < 10; request += 1) expect((await get('/livez')).status).toBe(200);
  server.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  expect(workers.map((pid) => processIdentity(pid))).toEqual([undefined, undefined]);
});

it('refuses broken and oversized requests without troubling the application', TIMEOUT, async () => {
  await start(external());
  const send = async (request: string) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(request);
    await new Promise((resolve) => socket.once('close', resolve));
    return answer.split('\r\n')[0];
  };
  expect(await send('NONSENSE\r\n\r\n')).toBe('HTTP/1.1 400 Bad Request');
  expect(await send(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 /,
  );
  expect(await send('GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toBe('HTTP/1.1 400 Bad Request');
});
