import type { Context, Middleware } from 'koa';
import { acceptedOrigins, type HostOptions } from './hosts.ts';
import type { Sealer } from './seal.ts';
import { randomToken } from './tokens.ts';

export type CsrfTokens = {
  /**
   * The value of a form's hidden field. Gives the browser its cookie when it has none, so it is called before
   * the answer is sent.
   * @param flow what the form belongs to, such as the interaction's id; its token fits no other.
   */
  formToken(ctx: Context, flow: string): string;
  /** Whether the field of a submitted form was made for this browser and flow. Takes what the body parser gave. */
  fits(ctx: Context, flow: string, given: unknown): boolean;
};

const PURPOSE = 'csrf';
const COOKIE = 'weir_form';
const BROWSER_ID = /^[A-Za-z0-9_-]{43}$/;
const MAX_TOKEN_LENGTH = 200;
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Tokens by which a hosted form proves that this browser got it from us: a keyed hash of a cookie that pages of
 * other sites can neither read nor set, and of the flow. Nothing is stored.
 */
export function createCsrfTokens(sealer: Sealer, { publicUrl }: { publicUrl: string }): CsrfTokens {
  const secure = new URL(publicUrl).protocol === 'https:';
  // RFC 6265bis §4.1.3.2: with this prefix a neighbouring subdomain cannot plant a cookie of its own.
  const name = secure ? `__Host-${COOKIE}` : COOKIE;

  function browserOf(ctx: Context): string | undefined {
    const id = ctx.cookies.get(name, { signed: false });
    return id !== undefined && BROWSER_ID.test(id) ? id : undefined;
  }

  return {
    formToken(ctx, flow) {
      const known = (ctx.state['csrfBrowser'] as string | undefined) ?? browserOf(ctx);
      const browser = known ?? randomToken();
      if (known === undefined) {
        ctx.cookies.set(name, browser, { httpOnly: true, sameSite: 'lax', secure, path: '/', signed: false });
        ctx.state['csrfBrowser'] = browser;
      }
      return sealer.keyedHash(PURPOSE, JSON.stringify([browser, flow]));
    },

    fits(ctx, flow, given) {
      const browser = browserOf(ctx);
      if (browser === undefined || typeof given !== 'string' || given.length > MAX_TOKEN_LENGTH) return false;
      return sealer.matchesKeyedHash(PURPOSE, JSON.stringify([browser, flow]), given);
    },
  };
}

/**
 * Koa middleware for hosted pages: refuses state-changing requests that a page of another origin has started,
 * with 403 and before any effect. It is no substitute for the token: a browser that says nothing passes.
 */
export function refuseForeignForms(options: Omit<HostOptions, 'trustProxy'>): Middleware {
  const origins = acceptedOrigins(options);
  return async (ctx, next) => {
    if (!SAFE_METHODS.includes(ctx.method) && isForeign(ctx, origins)) {
      ctx.throw(403, 'This form was sent from another site');
    }
    await next();
  };
}

function isForeign(ctx: Context, origins: ReadonlySet<string>): boolean {
  const site = ctx.get('Sec-Fetch-Site');
  if (site !== '') return site !== 'same-origin' && site !== 'none';
  // Our pages say `no-referrer`, and then browsers send `null` for our own forms too (Fetch, "append a request
  // `Origin` header"): that tells nothing, and the token decides.
  const origin = ctx.get('Origin');
  return origin !== '' && origin !== 'null' && !origins.has(origin);
}
