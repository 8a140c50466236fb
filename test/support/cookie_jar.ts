/** One stored cookie. `expiresAtMs` is absent for a cookie that ends with the browser. */
export interface Cookie {
  name: string;
  value: string;
  domain: string;
  hostOnly: boolean;
  path: string;
  secure: boolean;
  httpOnly: boolean;
  sameSite: 'strict' | 'lax' | 'none';
  expiresAtMs?: number;
}

/** What the jar has to know about a request to decide which cookies travel. */
export interface CookieRequest {
  url: URL;
  /** The request was started by a page of another site (RFC 6265bis §5.2). */
  crossSite?: boolean;
  /** GET and HEAD: a top-level navigation that SameSite=Lax lets through. */
  safeMethod?: boolean;
}

/**
 * Cookies as RFC 6265 §5 stores and sends them: host-only or by domain, by path, by expiry. Chromium's two
 * rules beside it are kept: a missing SameSite means Lax, and loopback counts as secure.
 */
export class CookieJar {
  #cookies: Cookie[] = [];

  /** Stores what one response set. Cookies for a foreign domain, or Secure ones from plain http, are dropped. */
  store(url: URL, setCookieHeaders: readonly string[]): void {
    for (const header of setCookieHeaders) {
      const cookie = parseSetCookie(url, header);
      if (!cookie) continue;
      this.#cookies = this.#cookies.filter((known) => !sameSlot(known, cookie));
      if (cookie.expiresAtMs === undefined || cookie.expiresAtMs > Date.now()) this.#cookies.push(cookie);
    }
  }

  /** The cookies that a request carries, longest path first (RFC 6265 §5.4). */
  matching(request: CookieRequest): Cookie[] {
    const now = Date.now();
    return this.#cookies
      .filter((cookie) => cookie.expiresAtMs === undefined || cookie.expiresAtMs > now)
      .filter((cookie) => domainMatches(cookie, request.url.hostname))
      .filter((cookie) => pathMatches(cookie.path, request.url.pathname))
      .filter((cookie) => !cookie.secure || isSecure(request.url))
      .filter((cookie) => sameSiteAllows(cookie, request))
      .sort((a, b) => b.path.length - a.path.length);
  }

  /** The value of the `Cookie` header for a request, or `undefined` when there is nothing to send. */
  header(request: CookieRequest): string | undefined {
    const pairs = this.matching(request).map((cookie) => `${cookie.name}=${cookie.value}`);
    return pairs.length > 0 ? pairs.join('; ') : undefined;
  }

  /** Everything in the jar, for assertions. */
  all(): readonly Cookie[] {
    return this.#cookies;
  }

  /** The first cookie of that name, whatever its path. */
  get(name: string): Cookie | undefined {
    return this.#cookies.find((cookie) => cookie.name === name);
  }

  /** Puts a cookie in as it is, such as a forged or a stolen one. */
  put(cookie: Cookie): void {
    this.#cookies = this.#cookies.filter((known) => !sameSlot(known, cookie));
    this.#cookies.push({ ...cookie });
  }

  /** Forgets the cookies that the test picks, or all of them. */
  clear(pick: (cookie: Cookie) => boolean = () => true): void {
    this.#cookies = this.#cookies.filter((cookie) => !pick(cookie));
  }

  /** Drops what ends with the browser, as closing it does. */
  endBrowserSession(): void {
    this.clear((cookie) => cookie.expiresAtMs === undefined);
  }

  /** A jar with the same cookies that goes its own way from here. */
  copy(): CookieJar {
    const jar = new CookieJar();
    for (const cookie of this.#cookies) jar.put(cookie);
    return jar;
  }
}

/** True for hosts that browsers treat as secure without TLS. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || /^127\.|^\[::1\]$/.test(hostname);
}

function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || isLoopback(url.hostname);
}

function parseSetCookie(url: URL, header: string): Cookie | undefined {
  const [pair = '', ...attributes] = header.split(';');
  const [name, value] = splitOnce(pair);
  if (name === '') return undefined;
  const cookie: Cookie = {
    name,
    value,
    domain: url.hostname,
    hostOnly: true,
    path: defaultPath(url.pathname),
    secure: false,
    httpOnly: false,
    sameSite: 'lax',
  };
  let maxAgeMs: number | undefined;
  for (const attribute of attributes) {
    const [key, given] = splitOnce(attribute);
    switch (key.toLowerCase()) {
      case 'domain': {
        const domain = given.replace(/^\./, '').toLowerCase();
        if (domain !== '') Object.assign(cookie, { domain, hostOnly: false });
        break;
      }
      case 'path':
        if (given.startsWith('/')) cookie.path = given;
        break;
      case 'expires': {
        const expires = Date.parse(given);
        if (!Number.isNaN(expires)) cookie.expiresAtMs = expires;
        break;
      }
      case 'max-age':
        if (/^-?\d+$/.test(given)) maxAgeMs = Number(given) * 1000;
        break;
      case 'secure':
        cookie.secure = true;
        break;
      case 'httponly':
        cookie.httpOnly = true;
        break;
      case 'samesite':
        if (/^(strict|lax|none)$/i.test(given)) cookie.sameSite = given.toLowerCase() as Cookie['sameSite'];
        break;
      default:
    }
  }
  // RFC 6265 §5.3: Max-Age wins over Expires.
  if (maxAgeMs !== undefined) cookie.expiresAtMs = maxAgeMs <= 0 ? 0 : Date.now() + maxAgeMs;
  if (!domainMatches(cookie, url.hostname)) return undefined;
  if (cookie.secure && !isSecure(url)) return undefined;
  return cookie;
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf('=');
  return at === -1 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

function sameSlot(a: Cookie, b: Cookie): boolean {
  return a.name === b.name && a.domain === b.domain && a.path === b.path && a.hostOnly === b.hostOnly;
}

function domainMatches(cookie: Cookie, hostname: string): boolean {
  if (hostname === cookie.domain) return true;
  return !cookie.hostOnly && hostname.endsWith(`.${cookie.domain}`) && !/^[\d.]+$/.test(hostname);
}

function defaultPath(pathname: string): string {
  const last = pathname.lastIndexOf('/');
  return last <= 0 ? '/' : pathname.slice(0, last);
}

function pathMatches(cookiePath: string, pathname: string): boolean {
  if (pathname === cookiePath) return true;
  return pathname.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}

function sameSiteAllows(cookie: Cookie, request: CookieRequest): boolean {
  if (!request.crossSite || cookie.sameSite === 'none') return true;
  return cookie.sameSite === 'lax' && request.safeMethod === true;
}
