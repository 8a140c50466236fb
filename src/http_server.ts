import { createServer, STATUS_CODES, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { BODY_TIMEOUT_MS, limitBodyTime } from './http/body_time.ts';

const MAX_HEADER_BYTES = 16 * 1024;
// A client that sends its headers drop by drop holds a connection no longer than this.
const HEADERS_TIMEOUT_MS = 10_000;
const TIMEOUT_CHECK_MS = 5_000;
// A client that does not read its answer.
const SILENT_SOCKET_MS = 60_000;
// Longer than the idle time of usual load balancers (60 s), which would else hit a connection just closed.
const KEEP_ALIVE_MS = 65_000;
const DRAIN_POLL_MS = 50;

/** The HTTP server with its limits: slow, oversized and broken requests end here, before any of our code runs. */
export function createHttpServer(
  listener: RequestListener,
  { bodyTimeoutMs = BODY_TIMEOUT_MS }: { bodyTimeoutMs?: number } = {},
): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      // `limitBodyTime` bounds bodies, with an exception for files.
      requestTimeout: 0,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
      insecureHTTPParser: false,
      requireHostHeader: true,
    },
    (req, res) => {
      limitBodyTime(req, bodyTimeoutMs, () => refuse(lateBody(), req.socket));
      listener(req, res);
    },
  );
  server.setTimeout(SILENT_SOCKET_MS);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(error, socket));
  return server;
}

/** Listens and gives the port; `port` 0 takes a free one. Rejects when the address is in use. */
export async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/**
 * Accepts no more connections and waits for the running requests, `timeoutMs` at most; then hangs up.
 * Gives whether all of them finished.
 */
export async function drainHttpServer(server: Server, timeoutMs: number): Promise<boolean> {
  if (!server.listening) return true;
  const state = { closed: false };
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      state.closed = true;
      resolve();
    });
  });
  const deadline = Date.now() + timeoutMs;
  while (!state.closed && Date.now() < deadline) {
    // A connection becomes idle when its request is answered.
    server.closeIdleConnections();
    await Promise.race([closed, sleep(DRAIN_POLL_MS)]);
  }
  const finished = state.closed;
  server.closeAllConnections();
  await closed;
  return finished;
}

const lateBody = (): NodeJS.ErrnoException =>
  Object.assign(new Error('the body is late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });

function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = statusOf(error.code);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function statusOf(code: string | undefined): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  return 400;
}
