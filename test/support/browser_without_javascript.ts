import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { CookieJar, isLoopback } from './cookie_jar.ts';
import { attributeOf, HtmlDocument, textOf, type Element } from './html_document.ts';

/** Where one navigation ended. */
export interface Page {
  /** The last URL that was requested. */
  url: URL;
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The parsed body; an empty document where the answer was not HTML. */
  document: HtmlDocument;
  /** The redirect target that `stopAt` held back, such as a client's redirect_uri with its code. */
  stoppedAt?: URL;
}

export interface BrowserOptions {
  /** Base of relative URLs given to {@link Browser.open}, such as `http://localhost:8080`. */
  origin?: string;
  /** Sent with every request; an explicit `cookie` here replaces the jar. */
  headers?: Record<string, string>;
  /** Source address of every connection, such as `127.0.3.7`: another machine, for limits that count by it. */
  localAddress?: string;
  /** Redirect targets that are not requested. By default everything that is not plain http on loopback. */
  stopAt?: (url: URL) => boolean;
}

export interface SubmitOptions {
  /** Fields that the form does not have, for tampering. They come last, so a name may occur twice. */
  extra?: readonly (readonly [string, string])[];
  headers?: Record<string, string>;
}

interface Navigation {
  method: 'GET' | 'POST';
  url: URL;
  body?: string;
  headers?: Record<string, string>;
  /** The page the navigation started from; absent for a typed address. */
  from?: Page;
}

/** More redirects than any honest journey has. */
const redirectLimit = 20;
const requestTimeoutMs = 30_000;

/**
 * A browser that follows links, forms and redirects and runs no script. It sends what Chromium sends on a
 * navigation (`Origin`, `Sec-Fetch-*`, cookies by path, host and SameSite), so a server check that works here
 * works there. One instance is one window; {@link tab} opens another with the same cookies.
 *
 * @example
 * const browser = new Browser({ origin, stopAt: (url) => url.href.startsWith(redirectUri) });
 * await browser.open(authorizationUrl);
 * const end = await browser.submit('#login-form', { identifier: 'ada@example.org', password });
 * const code = end.stoppedAt?.searchParams.get('code');
 */
export class Browser {
  cookies: CookieJar;
  /** Every response of every navigation, redirects included, oldest first. */
  readonly history: { method: string; url: URL; status: number; location?: string }[] = [];
  readonly #options: BrowserOptions;
  #page: Page | undefined;

  constructor(options: BrowserOptions = {}, cookies: CookieJar = new CookieJar()) {
    this.#options = options;
    this.cookies = cookies;
  }

  /** The page that is shown; throws before the first navigation. */
  get page(): Page {
    if (!this.#page) throw new Error('The browser has not opened anything yet');
    return this.#page;
  }

  /** The parsed page that is shown. */
  get document(): HtmlDocument {
    return this.page.document;
  }

  /** Another tab: its own page, the same cookies. */
  tab(): Browser {
    return new Browser(this.#options, this.cookies);
  }

  /** Another person's copy of this browser: same cookies now, independent from here on. */
  clone(options: Partial<BrowserOptions> = {}): Browser {
    return new Browser({ ...this.#options, ...options }, this.cookies.copy());
  }

  /** Types an address. Relative ones resolve against `origin`. */
  async open(url: string | URL, options: { headers?: Record<string, string> } = {}): Promise<Page> {
    const target = new URL(url, this.#options.origin);
    return this.#navigate({ method: 'GET', url: target, ...options });
  }

  /** Loads the page that is shown once more, as a GET. */
  async reload(): Promise<Page> {
    return this.#navigate({ method: 'GET', url: this.page.url, from: this.page });
  }

  /** Follows a link by `#id`, selector, exact text or text in part. */
  async follow(link: string): Promise<Page> {
    const { links, url } = this.document;
    const element = /^[#.[]|^a\[/.test(link) ? this.document.query(link) : undefined;
    const target =
      links.find((candidate) => candidate.element === element) ??
      links.find((candidate) => candidate.text === link) ??
      links.find((candidate) => candidate.text.includes(link));
    if (!target)
      throw new Error(
        `No link "${link}" on ${url.href}. It has: ${links.map((one) => one.text).join(' · ')}`,
      );
    return this.#navigate({ method: 'GET', url: target.href, from: this.page });
  }

  /**
   * Fills in a form and sends it.
   * @param form `#id`, id or selector of the form or of one of its buttons; `undefined` for the only form.
   * @param fields values by field name; a name the form does not have is an error (see `extra`). `undefined`
   * leaves a field out, as an unchecked box does.
   * @param button `#id`, `name=value` or label of the button pressed; the first one when absent.
   */
  async submit(
    form?: string,
    fields: Record<string, string | undefined> = {},
    button?: string,
    options: SubmitOptions = {},
  ): Promise<Page> {
    const state = this.document.form(form);
    const pressed = this.#button(state.buttons, button ?? this.#impliedButton(form));
    const data = this.#formData(state, fields);
    if (pressed) {
      const name = attributeOf(pressed, 'name');
      if (name) data.append(name, attributeOf(pressed, 'value') ?? '');
    }
    for (const [name, value] of options.extra ?? []) data.append(name, value);
    const action = pressed && attributeOf(pressed, 'formaction');
    const method = (pressed && attributeOf(pressed, 'formmethod')) ?? state.method;
    const url = action === undefined ? new URL(state.action) : new URL(action, this.page.url);
    const common = { from: this.page, ...(options.headers && { headers: options.headers }) };
    if (method.toLowerCase() === 'post')
      return this.#navigate({ method: 'POST', url, body: data.toString(), ...common });
    url.search = data.toString();
    return this.#navigate({ method: 'GET', url, ...common });
  }

  /** Sends a form body that no page offered, as another site's page or a script would. */
  async post(url: string | URL, fields: Record<string, string>, options: SubmitOptions = {}): Promise<Page> {
    const body = new URLSearchParams(fields);
    for (const [name, value] of options.extra ?? []) body.append(name, value);
    return this.#navigate({
      method: 'POST',
      url: new URL(url, this.#options.origin),
      body: body.toString(),
      ...(options.headers && { headers: options.headers }),
    });
  }

  #impliedButton(form: string | undefined): string | undefined {
    const element = form === undefined ? undefined : this.document.queryByNameOrId(form);
    return element && element.tagName !== 'form' ? form : undefined;
  }

  #button(buttons: Element[], wanted: string | undefined): Element | undefined {
    if (wanted === undefined) return buttons[0];
    const found = buttons.find(
      (button) =>
        wanted === `#${attributeOf(button, 'id')}` ||
        wanted === `${attributeOf(button, 'name')}=${attributeOf(button, 'value')}` ||
        wanted === textOf(button) ||
        wanted === attributeOf(button, 'value'),
    );
    if (!found)
      throw new Error(
        `No button "${wanted}" on ${this.page.url.href}. It has: ${buttons.map(textOf).join(' · ')}`,
      );
    return found;
  }

  #formData(
    state: ReturnType<HtmlDocument['form']>,
    fields: Record<string, string | undefined>,
  ): URLSearchParams {
    const names = new Set(
      this.document.controls(state.element).map((control) => attributeOf(control, 'name')),
    );
    for (const name of Object.keys(fields))
      if (!names.has(name))
        throw new Error(
          `The form has no field "${name}"; it has: ${[...names].join(', ')} (${this.page.url.href})`,
        );
    const data = new URLSearchParams();
    const given = new Map(Object.entries(fields));
    for (const { name, value } of state.fields) {
      if (!given.has(name)) data.append(name, value);
      else if (!data.has(name) && given.get(name) !== undefined) data.append(name, given.get(name) ?? '');
    }
    for (const [name, value] of given) if (!data.has(name) && value !== undefined) data.append(name, value);
    return data;
  }

  async #navigate(start: Navigation): Promise<Page> {
    const stopAt = this.#options.stopAt ?? isForeign;
    let step = start;
    let crossSite = start.from !== undefined && start.from.url.hostname !== start.url.hostname;
    for (let count = 0; count <= redirectLimit; count += 1) {
      const page = await this.#request(step, crossSite);
      const location = page.headers.location;
      this.history.push({
        method: step.method,
        url: step.url,
        status: page.status,
        ...(location !== undefined && { location }),
      });
      if (page.status < 300 || page.status > 399 || location === undefined) return this.#show(page);
      const target = new URL(location, step.url);
      if (target.hash === '') target.hash = step.url.hash;
      if (stopAt(target)) return this.#show({ ...page, stoppedAt: target });
      crossSite ||= target.hostname !== step.url.hostname;
      const keepsMethod = page.status === 307 || page.status === 308;
      step = {
        method: keepsMethod ? step.method : 'GET',
        url: target,
        ...(keepsMethod && step.body !== undefined && { body: step.body }),
        ...(start.from && { from: start.from }),
      };
    }
    throw new Error(`More than ${redirectLimit} redirects, the last to ${step.url.href}`);
  }

  #show(page: Page): Page {
    this.#page = page;
    return page;
  }

  async #request(step: Navigation, crossSite: boolean): Promise<Page> {
    if (step.url.protocol !== 'http:')
      throw new Error(`This browser speaks plain http only: ${step.url.href}`);
    const cookie = this.cookies.header({ url: step.url, crossSite, safeMethod: step.method === 'GET' });
    const headers: Record<string, string> = {
      accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'accept-language': 'en',
      ...(cookie && { cookie }),
      ...fetchMetadata(step, crossSite),
      ...(step.body !== undefined && {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(step.body)),
      }),
      ...this.#options.headers,
      ...step.headers,
    };
    const response = await send(step, headers, this.#options.localAddress);
    this.cookies.store(step.url, response.headers['set-cookie'] ?? []);
    const isHtml = /^text\/html\b/.test(response.headers['content-type'] ?? '');
    return { ...response, url: step.url, document: new HtmlDocument(isHtml ? response.body : '', step.url) };
  }
}

/** Anything that a browser on this machine could not reach without leaving it. */
function isForeign(url: URL): boolean {
  return url.protocol !== 'http:' || !isLoopback(url.hostname);
}

/** `Origin` and `Sec-Fetch-*` of a navigation (Fetch §3.2, Fetch Metadata §2). */
function fetchMetadata(step: Navigation, crossSite: boolean): Record<string, string> {
  const { from } = step;
  const sameOrigin = from?.url.origin === step.url.origin;
  const site =
    from === undefined ? 'none' : crossSite ? 'cross-site' : sameOrigin ? 'same-origin' : 'same-site';
  return {
    'sec-fetch-site': site,
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    'sec-fetch-user': '?1',
    'upgrade-insecure-requests': '1',
    ...(step.method === 'POST' && from && { origin: originOf(from) }),
  };
}

/** With `Referrer-Policy: no-referrer`, browsers send `Origin: null` even to the same origin. */
function originOf(page: Page): string {
  return page.headers['referrer-policy'] === 'no-referrer' ? 'null' : page.url.origin;
}

async function send(
  step: Navigation,
  headers: Record<string, string>,
  localAddress: string | undefined,
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      step.url,
      {
        method: step.method,
        headers,
        agent: false,
        timeout: requestTimeoutMs,
        ...(localAddress !== undefined && { localAddress, family: localAddress.includes(':') ? 6 : 4 }),
      },
      (response) => {
        text(response).then(
          (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
          reject,
        );
      },
    );
    outgoing.on('timeout', () =>
      outgoing.destroy(new Error(`No answer in ${requestTimeoutMs} ms: ${step.url.href}`)),
    );
    outgoing.on('error', reject);
    outgoing.end(step.body);
  });
}
