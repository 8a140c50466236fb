import type { Context, Middleware } from 'koa';
import { DomainError } from '../domain_error.ts';
import { HttpError, notFound } from '../http/errors.ts';
import { renderPage, setPage } from '../http/render.ts';
import type { ProviderCache } from '../oidc/provider_cache.ts';
import type { WorkspaceServer } from '../oidc/workspace_server.ts';
import type { Pool, PoolScope } from '../pools/pool.ts';
import { refuseForeignForms } from '../security/csrf.ts';
import { isSlug, isTenantId, isWorkspaceId } from '../tenants/slug.ts';
import { connectionForPool } from '../workspaces/snapshot.ts';
import { isCodePage, runCodeStep } from './code_steps.ts';
import { type CodeFrame, mechanismsIn } from './codes/frame.ts';
import type { FlowDeps } from './deps.ts';
import { findHome } from './home.ts';
import { lookOf, lookOfPool } from './look.ts';

export type PoolPagesDeps = {
  readonly flows: FlowDeps;
  readonly servers: ProviderCache;
  readonly hosts: { readonly publicUrl: string; readonly loopbackAliases: boolean };
};

/** `/{tenant}/identity/{pool}/{page}`: no workspace is called `identity`. */
const PAGE = /^\/([^/]+)\/identity\/([^/]+)\/([^/]+)$/;
const METHODS = ['GET', 'HEAD', 'POST'];

/** The pages that the links of messages lead to, and that can be bookmarked (contract 7.2). */
export function servePoolPages(deps: PoolPagesDeps): Middleware {
  const ownForms = refuseForeignForms(deps.hosts);
  return async (ctx, next) => {
    const [, tenantId = '', poolId = '', page = ''] = PAGE.exec(ctx.path) ?? [];
    if (tenantId === '') return next();
    if (!isCodePage(page) || !isTenantId(tenantId) || !isSlug(poolId)) throw notFound();
    if (!METHODS.includes(ctx.method)) throw new HttpError(405, 'Use GET or POST');
    await ownForms(ctx, async () => {
      const pool = await findPool(deps.flows, { tenantId, poolId });
      const tenant = await deps.flows.domain.tenants.get({ tenantId });
      setPage(ctx, lookOfPool({ tenantId, poolId, branding: pool.branding }, tenant));
      const server = await findServer(deps, ctx, pool);
      if (server === 'closed') return renderPage(ctx, 'closed', { reason: 'disconnected' });
      if (server) setPage(ctx, lookOf(server.snapshot, { poolId, branding: pool.branding }));
      await runCodeStep(deps.flows, frameOf(deps.flows, ctx, pool, server), page);
    });
  };
}

async function findPool({ domain }: FlowDeps, scope: PoolScope): Promise<Pool> {
  try {
    return await domain.pools.get(scope);
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'not_found') throw notFound();
    throw error;
  }
}

/** The workspace that a link names. `closed`: it is gone, or does not let these people in any more. */
async function findServer(
  { servers }: PoolPagesDeps,
  ctx: Context,
  { tenantId, id }: Pool,
): Promise<WorkspaceServer | 'closed' | undefined> {
  const { server_id: workspaceId } = ctx.query;
  if (workspaceId === undefined || workspaceId === '') return undefined;
  if (typeof workspaceId !== 'string' || !isWorkspaceId(workspaceId)) return 'closed';
  const server = await servers.get({ tenantId, workspaceId });
  return server && connectionForPool(server.snapshot, id) ? server : 'closed';
}

function frameOf(deps: FlowDeps, ctx: Context, pool: Pool, server: WorkspaceServer | undefined): CodeFrame {
  const { tenantId, id: poolId } = pool;
  const workspaceId = server?.snapshot.workspaceId;
  const query = workspaceId === undefined ? '' : `?${new URLSearchParams({ server_id: workspaceId })}`;
  return {
    ctx,
    pool,
    scope: { tenantId, poolId },
    workspaceId,
    app: undefined,
    clientId: undefined,
    flow: `pool:${tenantId}/${poolId}`,
    isInSignIn: false,
    mechanisms: mechanismsIn(pool, server?.snapshot),
    path: (page) => `/${tenantId}/identity/${poolId}/${page}${query}`,
    findSignIn: (clientId) => findHome(deps, server, clientId),
  };
}
