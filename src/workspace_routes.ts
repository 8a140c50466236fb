import type { Context, Middleware } from 'koa';
import compose from 'koa-compose';
import { runAccount } from './flows/account/index.ts';
import type { FlowDeps } from './flows/deps.ts';
import { isOver, showExpired } from './flows/failures/index.ts';
import { runJourney } from './flows/index.ts';
import { replaceLibraryAnswer } from './flows/library_answers.ts';
import { lookOf } from './flows/look.ts';
import { isPublicStyling, servePublicStyling } from './flows/public_styling.ts';
import { notFound } from './http/errors.ts';
import { setPage } from './http/render.ts';
import { isDocument, serveDocument } from './oidc/documents.ts';
import { runProvider } from './oidc/mount.ts';
import { isPostedRequest, repeatByGet } from './oidc/post_requests.ts';
import type { ProviderCache } from './oidc/provider_cache.ts';
import { inUnitOfWork, type UnitDeps } from './oidc/request.ts';
import type { WorkspaceServer } from './oidc/workspace_server.ts';
import { refuseForeignForms } from './security/csrf.ts';
import { isTenantId, isWorkspaceId } from './tenants/slug.ts';

export type WorkspaceRoutesDeps = {
  readonly servers: ProviderCache;
  readonly flows: FlowDeps;
  readonly unit: UnitDeps;
  readonly hosts: { readonly publicUrl: string; readonly loopbackAliases: boolean };
};

/** Our own pages below an issuer; everything else there is the library's. */
const PAGES: ReadonlyMap<string, typeof runJourney> = new Map([
  ['interaction', runJourney],
  ['account', runAccount],
]);

/** RFC 8414 §3.1 puts the well-known part before the issuer's path; OpenID Connect Discovery puts it behind. */
const PATH_INSERTED = /^\/\.well-known\/(oauth-authorization-server|openid-configuration)\/([^/]+)\/([^/]+)$/;

/**
 * Everything below `/{tenant}/{workspace}`: public documents from memory, hosted journeys and the OAuth/OIDC
 * endpoints, the latter two in one unit of work a request. Unknown tenants and workspaces are the same 404.
 */
export function serveWorkspaces(deps: WorkspaceRoutesDeps): Middleware {
  const ownForms = refuseForeignForms(deps.hosts);
  return async (ctx, next) => {
    const inserted = PATH_INSERTED.exec(ctx.path);
    if (inserted) ctx.path = `/${inserted[2]}/${inserted[3]}/.well-known/${inserted[1]}`;
    const [, tenantId = '', workspaceId = '', ...rest] = ctx.path.split('/');
    if (rest.length === 0) return next();
    const server = await find(deps.servers, tenantId, workspaceId);
    const below = `/${rest.join('/')}`;
    setPage(ctx, lookOf(server.snapshot));
    if (isPublicStyling(ctx, below)) return servePublicStyling(ctx, server);
    if (isDocument(ctx, below)) return serveDocument(ctx, server, below);
    if (isPostedRequest(ctx, below)) return repeatByGet(ctx);
    const [page = '', ...segments] = rest;
    const run = PAGES.get(page);
    const work = run
      ? () => compose([ownForms])(ctx, () => run(deps.flows, ctx, server, segments))
      : () => runOAuth(ctx, server);
    try {
      await inUnitOfWork(ctx, deps.unit, server, work);
    } catch (error) {
      if (!isOver(error)) throw error;
      await showExpired(ctx, server, undefined, undefined);
    }
  };
}

async function find(servers: ProviderCache, tenantId: string, workspaceId: string): Promise<WorkspaceServer> {
  const server =
    isTenantId(tenantId) && isWorkspaceId(workspaceId)
      ? await servers.get({ tenantId, workspaceId })
      : undefined;
  if (!server) throw notFound();
  return server;
}

async function runOAuth(ctx: Context, server: WorkspaceServer): Promise<void> {
  await runProvider(ctx, server);
  await replaceLibraryAnswer(ctx, server);
}
