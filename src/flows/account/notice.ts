import { ACCOUNT_NOTICES, type AccountNotice } from '../../http/account_pages.ts';
import type { Visit } from './visit.ts';

const COOKIE = 'weir_account_notice';
/** From the form to the page it leads to. */
const NOTICE_MS = 60_000;

type Place = Pick<Visit, 'ctx' | 'path'>;

// Signed, and in no address: nobody else can have the page say that something was done.
const options = ({ ctx, path }: Place) => ({
  path: path(),
  httpOnly: true,
  sameSite: 'lax' as const,
  secure: ctx.secure,
  signed: true,
});

/** Leads on to a section, which says what was done. */
export function leadOn(visit: Place, section: string, notice?: AccountNotice): void {
  const { ctx, path } = visit;
  if (notice !== undefined) ctx.cookies.set(COOKIE, notice, { ...options(visit), maxAge: NOTICE_MS });
  ctx.status = 303;
  ctx.redirect(section === '' ? path() : path(section));
}

/** What was done before this page; it is said once. */
export function takeNotice(visit: Place): AccountNotice | undefined {
  const given = visit.ctx.cookies.get(COOKIE, { signed: true });
  if (given === undefined) return undefined;
  visit.ctx.cookies.set(COOKIE, null, options(visit));
  return ACCOUNT_NOTICES.find((notice) => notice === given);
}
