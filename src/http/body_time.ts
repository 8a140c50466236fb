import type { IncomingMessage } from 'node:http';

// A client that sends its body drop by drop holds a connection no longer than this.
export const BODY_TIMEOUT_MS = 30_000;

const unlimited = new WeakSet<IncomingMessage>();

/** Lets a body take as long as it keeps coming: a file may be large and the way to here slow. */
export function allowLongBody(req: IncomingMessage): void {
  unlimited.add(req);
}

/** Calls `onLate` when a request's body is not complete in time. Node's own limit knows no exceptions. */
export function limitBodyTime(req: IncomingMessage, timeoutMs: number, onLate: () => void): void {
  if (req.headers['content-length'] === undefined && req.headers['transfer-encoding'] === undefined) return;
  const timer = setTimeout(() => {
    if (!req.complete && !unlimited.has(req)) onLate();
  }, timeoutMs).unref();
  req.once('close', () => clearTimeout(timer));
}
