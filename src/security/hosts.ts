import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { createSourceAddressReader } from './source_address.ts';

export type HostOptions = {
  /** The origin people use, from the configuration. Every URL in every answer begins with it. */
  publicUrl: string;
  /** Proxies whose `X-Forwarded-For` is believed, as TRUST_PROXY lists them. */
  trustProxy: readonly string[];
  /** Whether `localhost`, `127.0.0.1` and `[::1]` all reach a server whose public URL is one of them: in development. */
  loopbackAliases: boolean;
};

type Refusal = { status: 400 | 421; message: string };

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
// Probes come by address, from balancers and orchestrators; these answers hold no URL.
const HEALTH = /^\/(?:livez|readyz)(?:\?|$)/;
// What proxies and frameworks have been known to take an address from. None may reach our code.
const FORWARDING = /^(?:forwarded|x-forwarded-.+|x-original-.+|x-rewrite-url|x-host|x-real-ip|x-client-ip)$/;
// RFC 9110 §4.2.3: a name or address and a port; no user, which libraries read in different ways (T-705).
const AUTHORITY = /^([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?$/;

/** The origins under which pages of this server may be open in a browser. */
export function acceptedOrigins({
  publicUrl,
  loopbackAliases,
}: Omit<HostOptions, 'trustProxy'>): Set<string> {
  const base = new URL(publicUrl);
  const origins = new Set([base.origin]);
  if (loopbackAliases && LOOPBACK.includes(base.hostname)) {
    for (const hostname of LOOPBACK)
      origins.add(new URL(`${base.protocol}//${hostname}:${base.port}`).origin);
  }
  return origins;
}

/**
 * Koa middleware, before all others: address, scheme and host of a request are what the configuration says,
 * whatever the request says. After it `ctx.origin`, `ctx.href` and `ctx.secure` are those of the public URL,
 * `ctx.ip` is the client's canonical address, and no forwarding header is left to be believed. `app.proxy` stays
 * off. Requests for other hosts are refused with 421, unreadable ones with 400. The path is not touched.
 */
export function hostGuard(options: HostOptions): Middleware {
  const base = new URL(options.publicUrl);
  const hosts = new Set([...acceptedOrigins(options)].map((origin) => new URL(origin).host));
  const readSource = createSourceAddressReader(options.trustProxy);
  const accepts = (authority: string) => {
    const host = hostOf(authority, base.protocol);
    return host !== undefined && hosts.has(host);
  };

  return async (ctx, next) => {
    ctx.request.ip = readSource(ctx.req);
    // Koa would tell the scheme from this connection, which a TLS proxy in front makes wrong.
    Object.defineProperty(ctx.request, 'protocol', { value: base.protocol.slice(0, -1), configurable: true });
    for (const name of Object.keys(ctx.req.headers)) if (FORWARDING.test(name)) delete ctx.req.headers[name];

    const isProbe = HEALTH.test(ctx.req.url ?? '');
    const refusal = useOriginForm(ctx, accepts) ?? (isProbe ? undefined : checkHost(ctx.req, accepts));
    ctx.req.headers.host = base.host;
    if (refusal === undefined) {
      await next();
      return;
    }
    ctx.status = refusal.status;
    ctx.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    ctx.type = 'text/plain';
    ctx.body = refusal.message;
  };
}

/** RFC 9112 §3.2.2: an absolute-form target names the host once more, and libraries read it first. */
function useOriginForm(ctx: Context, accepts: (authority: string) => boolean): Refusal | undefined {
  const target = ctx.req.url ?? '';
  if (target.startsWith('/')) return undefined;
  const [, authority, rest] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target) ?? [];
  if (authority === undefined || rest === undefined || !accepts(authority)) {
    return { status: 400, message: 'The request target is not an address of this server' };
  }
  ctx.req.url = rest.startsWith('/') ? rest : `/${rest}`;
  ctx.originalUrl = ctx.req.url;
  ctx.request.originalUrl = ctx.req.url;
  return undefined;
}

function checkHost(req: IncomingMessage, accepts: (authority: string) => boolean): Refusal | undefined {
  const given = req.headers.host ?? '';
  // RFC 9112 §3.2: Node keeps the first of several, a proxy in front may have read the last.
  const several = req.rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === 'host').length > 1;
  if (several || !AUTHORITY.test(given)) return { status: 400, message: 'The Host header cannot be read' };
  return accepts(given) ? undefined : { status: 421, message: 'This server does not answer for that host' };
}

/** An authority in the form of `URL.host`: lower case, without the scheme's own port. */
function hostOf(authority: string, protocol: string): string | undefined {
  const [, hostname, port] = AUTHORITY.exec(authority) ?? [];
  if (hostname === undefined) return undefined;
  const isDefault = port === undefined || Number(port) === (protocol === 'https:' ? 443 : 80);
  return isDefault ? hostname.toLowerCase() : `${hostname.toLowerCase()}:${Number(port)}`;
}
