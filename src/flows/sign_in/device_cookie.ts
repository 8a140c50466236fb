import type { UserScope } from '../../users/user.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';

// One for the whole host: a browser is the same in every workspace that lets its person in.
const COOKIE = 'weir_device';
const SEPARATOR = '~';
// People of one household. Also bounds the work on a forged cookie.
const MAX_PEOPLE = 8;
const MARK_LENGTH = 11;
const HASH_PURPOSE = 'device_owner';

const name = ({ secureCookies }: FlowDeps) => (secureCookies ? `__Secure-${COOKIE}` : COOKIE);

/** Which of several tokens is whose, without saying so to anybody else. */
export const ownerMark = ({ sealer }: FlowDeps, { tenantId, poolId, userId }: UserScope): string =>
  sealer.keyedHash(HASH_PURPOSE, JSON.stringify([tenantId, poolId, userId])).slice(-MARK_LENGTH);

function tokensIn(deps: FlowDeps, { ctx }: Journey): string[] {
  const cookie = ctx.cookies.get(name(deps), { signed: false });
  return cookie === undefined ? [] : cookie.split(SEPARATOR, MAX_PEOPLE);
}

/** Whether the person's second factor need not be proven again in this browser (contract 1.3, `mfa_session_ttl`). */
export async function isRememberedDevice(
  deps: FlowDeps,
  journey: Journey,
  scope: UserScope,
): Promise<boolean> {
  const mark = `${ownerMark(deps, scope)}.`;
  const token = tokensIn(deps, journey).find((one) => one.startsWith(mark));
  return token !== undefined && deps.domain.devices.isRemembered(scope, token.slice(mark.length));
}

/** Does without the second factor in this browser for a while. Only after it was proven. */
export async function rememberDevice(
  deps: FlowDeps,
  journey: Journey,
  scope: UserScope,
  seconds: number,
): Promise<void> {
  const { ctx } = journey;
  const device = { ip: ctx.ip, userAgent: ctx.get('User-Agent').slice(0, 255), ttlSeconds: seconds };
  const token = await deps.domain.devices.remember(scope, device);
  if (token === undefined) return;
  const mark = `${ownerMark(deps, scope)}.`;
  const others = tokensIn(deps, journey).filter((one) => !one.startsWith(mark));
  ctx.cookies.set(name(deps), [`${mark}${token}`, ...others].slice(0, MAX_PEOPLE).join(SEPARATOR), {
    path: `/${scope.tenantId}/`,
    maxAge: seconds * 1000,
    httpOnly: true,
    sameSite: 'lax',
    secure: deps.secureCookies,
    signed: false,
  });
}
