import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Context, Middleware } from 'koa';

const root = new URL('../assets/', import.meta.url);
const types: Record<AssetName, string> = {
  'weir.css': 'text/css; charset=utf-8',
  'reference.css': 'text/css; charset=utf-8',
  'weir.js': 'text/javascript; charset=utf-8',
  'passkeys.js': 'text/javascript; charset=utf-8',
  'mark.svg': 'image/svg+xml',
};

/** What several files are made of, in this order; every other asset is one file. */
const parts: Partial<Record<AssetName, readonly string[]>> = {
  'weir.css': ['tokens.css', 'weir.css', 'forms.css', 'sign_in.css', 'account.css'],
  'reference.css': ['tokens.css', 'reference.css'],
};

/** A file of the pages. */
export type AssetName = 'weir.css' | 'reference.css' | 'weir.js' | 'passkeys.js' | 'mark.svg';

interface Asset {
  name: string;
  type: string;
  /** First 16 hex digits of the SHA-256 of the content: the address changes exactly when the file does. */
  hash: string;
  bodies: Record<'identity' | 'gzip' | 'br', Buffer>;
}

const prefix = '/assets/';
const assets = new Map(
  Object.entries(types).map(([name, type]) => [name, load(name as AssetName, type)] as const),
);
const byPath = new Map([...assets.values()].map((asset) => [`${prefix}${asset.hash}/${asset.name}`, asset]));

/** The address of an asset, with the hash of its content: `/assets/0123456789abcdef/weir.css`. */
export function assetPath(name: AssetName): string {
  return `${prefix}${assets.get(name)?.hash}/${name}`;
}

/** Koa middleware: serves everything below `/assets/` from memory. An unknown name or hash is absent (404). */
export function serveAssets(): Middleware {
  return async (ctx, next) => {
    if (ctx.path.startsWith(prefix)) serve(ctx);
    else await next();
  };
}

function serve(ctx: Context): void {
  const asset = ctx.method === 'GET' || ctx.method === 'HEAD' ? byPath.get(ctx.path) : undefined;
  if (!asset) {
    ctx.status = 404;
    ctx.type = 'text/plain; charset=utf-8';
    ctx.body = 'Not found';
    return;
  }
  const encoding = (['br', 'gzip'] as const).find((one) => ctx.acceptsEncodings(one)) ?? 'identity';
  ctx.vary('Accept-Encoding');
  ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
  ctx.set('ETag', `"${asset.hash}-${encoding}"`);
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.status = 200;
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  ctx.type = asset.type;
  if (encoding !== 'identity') ctx.set('Content-Encoding', encoding);
  ctx.body = asset.bodies[encoding];
}

function load(name: AssetName, type: string): Asset {
  const identity = Buffer.concat((parts[name] ?? [name]).map((part) => readFileSync(new URL(part, root))));
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  return {
    name,
    type,
    hash,
    bodies: { identity, gzip: gzipSync(identity), br: brotliCompressSync(identity) },
  };
}
