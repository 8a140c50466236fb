import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';

// What a proxy or a client may choose: readable, and harmless in logs, headers and pages.
const safeId = /^[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}$/;

const known = new WeakMap<IncomingMessage, string>();

/**
 * The id that ties an answer to its log lines and audit events: the caller's `X-Correlation-ID` or
 * `X-Request-ID` where it is 1 to 128 safe characters, else a random UUID. The same for the whole request.
 */
export function correlationId(ctx: { req: IncomingMessage }): string {
  const id = known.get(ctx.req) ?? given(ctx.req) ?? randomUUID();
  known.set(ctx.req, id);
  return id;
}

/** Koa middleware: every answer says its `X-Correlation-ID`. */
export function requestId(): Middleware {
  return async (ctx, next) => {
    ctx.set('X-Correlation-ID', correlationId(ctx));
    await next();
  };
}

function given(request: IncomingMessage): string | undefined {
  for (const name of ['x-correlation-id', 'x-request-id']) {
    const value = request.headers[name];
    if (typeof value === 'string' && safeId.test(value)) return value;
  }
  return undefined;
}
