import { randomBytes } from 'node:crypto';
import type { Context, Middleware } from 'koa';

const hstsSeconds = 365 * 24 * 3600;

/**
 * Koa middleware: what every answer carries, pages, API and assets alike.
 * @param publicUrl the address people use; with `https:` browsers are told to stay with it
 */
export function securityHeaders({ publicUrl }: { publicUrl: string }): Middleware {
  const https = new URL(publicUrl).protocol === 'https:';
  return async (ctx, next) => {
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('Referrer-Policy', 'no-referrer');
    if (https) ctx.set('Strict-Transport-Security', `max-age=${hstsSeconds}`);
    await next();
  };
}

/** What a page's policy depends on. */
export interface PagePolicy {
  /** Of this answer only, see {@link createNonce}. */
  nonce: string;
  /** Origins of logos that are not our own. */
  imageOrigins: readonly string[];
  /** `none` = the page has no form; `redirecting` = its answer may lead to the application. */
  forms: 'none' | 'redirecting';
}

/** A fresh nonce for one answer: 128 bits, as CSP3 §8 asks for at least. */
export function createNonce(): string {
  return randomBytes(16).toString('base64');
}

/** Sets the headers of one hosted page. Called by the renderer, so that no page can be without them. */
export function setPageHeaders(ctx: Pick<Context, 'set'>, policy: PagePolicy): void {
  ctx.set('Content-Security-Policy', contentSecurityPolicy(policy));
  ctx.set('X-Frame-Options', 'DENY');
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set('Referrer-Policy', 'no-referrer');
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Permissions-Policy', permissions);
  ctx.set('Cross-Origin-Resource-Policy', 'same-origin');
  // Any stricter value cuts the tie to the window that opened a sign-in popup, also for the application's own
  // callback page afterwards, and such sign-ins would hang.
  ctx.set('Cross-Origin-Opener-Policy', 'unsafe-none');
}

/** Passkeys stay possible; everything else a sign-in page could be abused for does not. */
const permissions = [
  'camera',
  'display-capture',
  'geolocation',
  'microphone',
  'payment',
  'serial',
  'usb',
  'hid',
  'midi',
]
  .map((feature) => `${feature}=()`)
  .join(', ');

function contentSecurityPolicy({ nonce, imageOrigins, forms }: PagePolicy): string {
  const directives = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src 'self'`,
    ['img-src', `'self'`, 'data:', ...imageOrigins].join(' '),
    // Passkeys, and the rules of a new password while it is typed.
    `connect-src 'self'`,
    `base-uri 'none'`,
    `frame-ancestors 'none'`,
  ];
  // Chromium applies `form-action` to the redirects after a POST as well, and to all of them: the application's
  // callback may lead on to an origin that nobody here can know. So pages whose POST ends in the application
  // go without it.
  if (forms === 'none') directives.push(`form-action 'none'`);
  return directives.join('; ');
}
