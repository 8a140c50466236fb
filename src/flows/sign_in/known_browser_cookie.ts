import type { Context } from 'koa';
import { type BrowserOwner, KNOWN_BROWSER_SECONDS } from '../../security/known_browser.ts';
import type { FlowDeps } from '../deps.ts';

// One for the whole host: a person is the same in every workspace that lets them in.
const name = (deps: FlowDeps) => (deps.secureCookies ? '__Secure-weir_browser' : 'weir_browser');

/** The id under which this browser's guesses count apart, when this very person has signed in with it before. */
export function recognizedBrowser(deps: FlowDeps, ctx: Context, owner: BrowserOwner): string | undefined {
  return deps.knownBrowsers.recognize(ctx.cookies.get(name(deps), { signed: false }), owner);
}

/** Remembers the browser after a complete sign-in, so that strangers cannot lock its owner out (T-110). */
export function rememberBrowser(deps: FlowDeps, ctx: Context, owner: BrowserOwner): void {
  const before = ctx.cookies.get(name(deps), { signed: false });
  ctx.cookies.set(name(deps), deps.knownBrowsers.remember(before, owner), {
    path: `/${owner.tenantId}/`,
    maxAge: KNOWN_BROWSER_SECONDS * 1000,
    httpOnly: true,
    sameSite: 'lax',
    secure: deps.secureCookies,
    // It carries a keyed hash of its own.
    signed: false,
  });
}
