import type { Payload } from './artefacts.ts';

/** An unchanged session is written again only after this share of its life, so that SSO costs no write. */
const TOUCH_AFTER = 0.1;

/** How long the row of a session lives: a little longer than the cookie, because a touch may be left out. */
export const rowTtlSeconds = (ttlSeconds: number): number => ttlSeconds * (1 + TOUCH_AFTER);

/** Whether a session says something new, or has been used for long enough to move its end. */
export function worthWriting(was: Payload, now: Payload, ttlSeconds: number): boolean {
  const moved = Number(now.exp) - Number(was.exp);
  if (moved >= ttlSeconds * TOUCH_AFTER) return true;
  const content = ({ exp: _exp, iat: _iat, jti: _jti, ...rest }: Payload) => stable(rest);
  return content(was) !== content(now);
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
