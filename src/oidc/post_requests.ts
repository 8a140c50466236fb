import type { Context } from 'koa';
import { readFormPairs } from '../http/form_body.ts';

/** Front-channel endpoints that clients may also call by POST (OIDC Core §3.1.2.1, RP-Initiated Logout §2). */
const FRONT_CHANNEL: ReadonlySet<string> = new Set(['/oauth2/authorize', '/oidc/logout']);

/** True for a front-channel request that came as a form. */
export function isPostedRequest(ctx: Context, pathBelowIssuer: string): boolean {
  return ctx.method === 'POST' && FRONT_CHANNEL.has(pathBelowIssuer);
}

/**
 * Answers a posted authorization or logout request with the same request by GET. A browser sends no `Lax`
 * cookie along with another site's POST, but does with the redirect that follows: signed-in people stay so.
 * What may be repeated is judged as by GET: `resource` may (RFC 8707 §2).
 */
export async function repeatByGet(ctx: Context): Promise<void> {
  const query = new URLSearchParams(await readFormPairs(ctx));
  ctx.set('Cache-Control', 'no-store');
  ctx.status = 303;
  ctx.redirect(`${ctx.path}?${query.toString()}`);
}
