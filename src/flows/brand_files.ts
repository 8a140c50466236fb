import type { Context, Middleware } from 'koa';
import { type BrandOwner, type ImageSlot, overlay, slotNamed } from '../branding/brand.ts';
import type { Brand } from '../branding/brand.ts';
import { stylesheetOf } from '../branding/stylesheet.ts';
import { DomainError } from '../domain_error.ts';
import type { Domain } from '../domain.ts';
import { HttpError, notFound } from '../http/errors.ts';
import type { ProviderCache } from '../oidc/provider_cache.ts';
import { isSlug, isTenantId, isWorkspaceId } from '../tenants/slug.ts';
import { connectionForPool } from '../workspaces/snapshot.ts';

export type BrandFilesDeps = {
  readonly servers: ProviderCache;
  readonly domain: Pick<Domain, 'pools' | 'branding'>;
};

/** Of a workspace, or (`/identity/`, which no workspace is called) of a pool. */
const FILE =
  /^\/(?<tenantId>[^/]+)\/(?:identity\/(?<poolId>[^/]+)|(?<workspaceId>[^/]+))\/(?:brand\.css|brand\/(?<slot>logo|logo_dark|favicon))$/;

/**
 * The files that a brand's pages load: its style sheet and its uploaded pictures, to everybody. Under the hash of
 * their content they are kept for ever; without it, or with an older one, they are asked for again.
 */
export function serveBrandFiles(deps: BrandFilesDeps): Middleware {
  return async (ctx, next) => {
    const { tenantId, poolId, workspaceId, slot } = FILE.exec(ctx.path)?.groups ?? {};
    if (tenantId === undefined) return next();
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw new HttpError(405, 'Use GET');
    if (!isTenantId(tenantId)) throw notFound();
    const found =
      poolId === undefined
        ? await ofWorkspace(deps, ctx, { tenantId, workspaceId: workspaceId ?? '' })
        : await ofPool(deps, { tenantId, poolId });
    if (slot === undefined) return sendStylesheet(ctx, found.brand);
    const named = slotNamed(slot);
    if (named) await sendImage(deps, ctx, found, named);
  };
}

type Found = { readonly owner: BrandOwner; readonly own: Brand; readonly brand: Brand };

async function ofWorkspace(
  { servers }: BrandFilesDeps,
  ctx: Context,
  owner: { readonly tenantId: string; readonly workspaceId: string },
): Promise<Found> {
  const server = isWorkspaceId(owner.workspaceId) ? await servers.get(owner) : undefined;
  if (!server) throw notFound();
  const { branding } = server.snapshot;
  const { pool: poolId } = ctx.query;
  const pool = typeof poolId === 'string' ? connectionForPool(server.snapshot, poolId)?.pool : undefined;
  return { owner, own: branding, brand: pool ? overlay(branding, pool.branding) : branding };
}

async function ofPool(
  { domain }: BrandFilesDeps,
  owner: { readonly tenantId: string; readonly poolId: string },
): Promise<Found> {
  if (!isSlug(owner.poolId)) throw notFound();
  try {
    const { branding } = await domain.pools.get(owner);
    return { owner, own: branding, brand: branding };
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'not_found') throw notFound();
    throw error;
  }
}

function sendStylesheet(ctx: Context, brand: Brand): void {
  // Nothing chosen is nothing to add, and no mistake: pages of one's own may always link it.
  const { css, hash } = stylesheetOf(brand) ?? { css: '', hash: 'none' };
  send(ctx, 'text/css; charset=utf-8', hash, css);
}

async function sendImage(
  { domain }: BrandFilesDeps,
  ctx: Context,
  { owner, own }: Found,
  slot: ImageSlot,
): Promise<void> {
  const image = own[slot];
  if (image === undefined || 'url' in image) throw notFound();
  const stored = await domain.branding.image(owner, slot, image.hash);
  if (!stored) throw notFound();
  // Somebody may open a picture by itself: then nothing in it runs, loads or is framed.
  ctx.set('Content-Security-Policy', `default-src 'none'; style-src 'unsafe-inline'; sandbox`);
  ctx.set('Cross-Origin-Resource-Policy', 'same-origin');
  send(ctx, stored.type, stored.hash, Buffer.from(stored.data, 'base64'));
}

function send(ctx: Context, type: string, hash: string, body: string | Buffer): void {
  const isNamed = ctx.query['v'] === hash;
  ctx.set('Cache-Control', isNamed ? 'public, max-age=31536000, immutable' : 'no-cache');
  ctx.set('ETag', `"${hash}"`);
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.status = 200;
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  ctx.body = body;
  ctx.set('Content-Type', type);
}
