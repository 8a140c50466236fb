import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allowLongBody } from '../../src/http/body_time.ts';
import { createHttpServer, drainHttpServer, listen } from '../../src/http_server.ts';

// Long enough to arrive on a slow machine, short enough to wait for.
const BODY_TIMEOUT_MS = 150;

const http = createHttpServer(
  (req, res) => {
    if (req.url === '/file') allowLongBody(req);
    req.resume().once('end', () => res.end('taken'));
  },
  { bodyTimeoutMs: BODY_TIMEOUT_MS },
);
let port: number;
beforeAll(async () => {
  port = await listen(http, 0, '127.0.0.1');
});
afterAll(() => drainHttpServer(http, 0));

/** A request whose body has ten bytes, and of which only these are there so far. */
async function begin(path: string, body: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n${body}`);
  return socket;
}

const answer = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0]);

describe('a body that comes drop by drop', () => {
  test('is given up on, and its connection closed', async () => {
    const socket = await begin('/form', '12345');
    const closed = once(socket, 'close');
    expect(await answer(socket)).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\nConnection: close\r\n/);
    await closed;
  });

  test('may be a file, which takes as long as it takes', async () => {
    const [file, form] = await Promise.all([begin('/file', '12345'), begin('/form', '12345')]);
    // By now the file, which began before, would have been given up on too.
    expect(await answer(form)).toMatch(/^HTTP\/1\.1 408/);
    await begin('/form', '').then(answer);
    file.write('67890');
    expect(await answer(file)).toMatch(/^HTTP\/1\.1 200 OK/);
    file.destroy();
  });

  test('that is complete in time leaves no clock behind', async () => {
    const whole = await begin('/form', '1234567890');
    expect(await answer(whole)).toMatch(/^HTTP\/1\.1 200 OK/);
    // The connection outlives the time that the body had.
    expect(await begin('/form', '').then(answer)).toMatch(/^HTTP\/1\.1 408/);
    whole.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await answer(whole)).toMatch(/^HTTP\/1\.1 200 OK/);
    whole.destroy();
  });
});
