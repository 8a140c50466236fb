import type { Sealer } from './seal.ts';
import { randomToken } from './tokens.ts';

/** Whose browser it is. */
export type BrowserOwner = { tenantId: string; poolId: string; userId: string };

export type KnownBrowsers = {
  /**
   * After a complete sign-in, all factors included: the new value of the cookie, which keeps what it says about
   * other people. A known browser has guesses of its own, so half a sign-in must not make one.
   */
  remember(cookie: string | undefined, owner: BrowserOwner): string;
  /** The browser's id when this very person has signed in with it before; for `Attempt.browser`. */
  recognize(cookie: string | undefined, owner: BrowserOwner): string | undefined;
};

/** How long the cookie is good for after a sign-in, in seconds. */
export const KNOWN_BROWSER_SECONDS = 180 * 24 * 3600;

// People of one household, or one person's accounts. Also bounds the work on a forged cookie.
const MAX_PEOPLE = 8;
const ID_BYTES = 16;
const PURPOSE = 'known_browser';
const SEPARATOR = '~';

/**
 * The cookie by which a browser is known to have been signed in by a person before. It proves nothing else
 * and signs nobody in: its guesses are counted apart from those of strangers. Nothing of it is stored.
 * @param now milliseconds since the epoch; given only by tests.
 */
export function createKnownBrowsers(sealer: Sealer, now: () => number = Date.now): KnownBrowsers {
  const seconds = () => Math.floor(now() / 1000);
  const claim = ({ tenantId, poolId, userId }: BrowserOwner, id: string, issuedAt: string) =>
    JSON.stringify([tenantId, poolId, userId, id, issuedAt]);

  function idIn(token: string, owner: BrowserOwner): string | undefined {
    const [id = '', issuedAt = '', ...mac] = token.split('.');
    if (!/^\d{1,12}$/.test(issuedAt) || Number(issuedAt) + KNOWN_BROWSER_SECONDS <= seconds())
      return undefined;
    return sealer.matchesKeyedHash(PURPOSE, claim(owner, id, issuedAt), mac.join('.')) ? id : undefined;
  }

  return {
    remember(cookie, owner) {
      const id = randomToken(ID_BYTES);
      const issuedAt = String(seconds());
      const token = [id, issuedAt, sealer.keyedHash(PURPOSE, claim(owner, id, issuedAt))].join('.');
      const others = tokensOf(cookie).filter((other) => idIn(other, owner) === undefined);
      return [token, ...others].slice(0, MAX_PEOPLE).join(SEPARATOR);
    },

    recognize(cookie, owner) {
      for (const token of tokensOf(cookie)) {
        const id = idIn(token, owner);
        if (id !== undefined) return id;
      }
      return undefined;
    },
  };
}

function tokensOf(cookie: string | undefined): string[] {
  return cookie ? cookie.split(SEPARATOR, MAX_PEOPLE) : [];
}
