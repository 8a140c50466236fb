import type { FlowDeps } from '../deps.ts';
import { leadOn } from './notice.ts';
import { readOwnForm, type Visit } from './visit.ts';

const COOKIE = 'weir_passkey_later';
/** Who says "not now" is asked again after a while, and in another browser. */
const LATER_MS = 90 * 24 * 60 * 60_000;

/** Whether somebody without a passkey is told of them here. */
export const isOfferDue = ({ ctx, scope }: Visit): boolean =>
  ctx.cookies.get(COOKIE, { signed: true }) !== scope.userId;

/** "Not now", which this browser remembers for this person. */
export async function declinePasskey(deps: FlowDeps, visit: Visit): Promise<void> {
  await readOwnForm(deps, visit);
  visit.ctx.cookies.set(COOKIE, visit.scope.userId, {
    path: visit.path(),
    httpOnly: true,
    sameSite: 'lax',
    secure: visit.ctx.secure,
    signed: true,
    maxAge: LATER_MS,
  });
  leadOn(visit, '');
}
