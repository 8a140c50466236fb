import type { Context } from 'koa';

const METHODS = 'GET, POST, PUT, DELETE';
const HEADERS = 'Authorization, Content-Type, If-Match, X-Idempotency-Key, X-Correlation-ID';
const EXPOSED = 'ETag, Retry-After, WWW-Authenticate, X-Idempotent-Replayed, X-Correlation-ID';
const PREFLIGHT_SECONDS = 3600;

/**
 * Lets pages of any origin call an API that knows its caller by a bearer token alone: no cookie is read, so a
 * foreign page gains nothing that its own server would not have. True when the request was a preflight and is
 * answered.
 */
export function allowOtherOrigins(ctx: Context): boolean {
  if (ctx.get('Origin') === '') return false;
  ctx.set('Access-Control-Allow-Origin', '*');
  ctx.set('Access-Control-Expose-Headers', EXPOSED);
  if (ctx.method !== 'OPTIONS' || ctx.get('Access-Control-Request-Method') === '') return false;
  ctx.set('Access-Control-Allow-Methods', METHODS);
  ctx.set('Access-Control-Allow-Headers', HEADERS);
  ctx.set('Access-Control-Max-Age', String(PREFLIGHT_SECONDS));
  ctx.status = 204;
  return true;
}
