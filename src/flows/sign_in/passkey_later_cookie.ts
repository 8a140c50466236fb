import type { Context } from 'koa';
import type { UserScope } from '../../users/user.ts';
import type { FlowDeps } from '../deps.ts';
import { ownerMark } from './device_cookie.ts';

const SEPARATOR = '~';
// People of one household. Also bounds the work on a forged cookie.
const MAX_PEOPLE = 8;
/** Who was offered a passkey is offered one again after a while, and in another browser. */
const LATER_MS = 90 * 24 * 60 * 60_000;

const name = ({ secureCookies }: FlowDeps) =>
  secureCookies ? '__Secure-weir_passkey_later' : 'weir_passkey_later';

const marksIn = (deps: FlowDeps, ctx: Context): string[] =>
  (ctx.cookies.get(name(deps), { signed: false }) ?? '').split(SEPARATOR, MAX_PEOPLE);

/** Whether this person may be offered a passkey in this browser: not again for 90 days, and not after a "not now". */
export const isOfferDue = (deps: FlowDeps, ctx: Context, scope: UserScope): boolean =>
  !marksIn(deps, ctx).includes(ownerMark(deps, scope));

/** Remembers in this browser that they were. */
export function rememberOffer(deps: FlowDeps, ctx: Context, scope: UserScope): void {
  const mark = ownerMark(deps, scope);
  const others = marksIn(deps, ctx).filter((one) => one !== '' && one !== mark);
  ctx.cookies.set(name(deps), [mark, ...others].slice(0, MAX_PEOPLE).join(SEPARATOR), {
    path: `/${scope.tenantId}/`,
    maxAge: LATER_MS,
    httpOnly: true,
    sameSite: 'lax',
    secure: deps.secureCookies,
    signed: false,
  });
}
