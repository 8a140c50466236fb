import compose from 'koa-compose';
import type { Context } from 'koa';
import type { WorkspaceServer } from './workspace_server.ts';

/**
 * Runs a workspace's provider below its path inside the outer application. `mountPath` must be set, else the
 * resume cookie gets the wrong path; the path is put back afterwards for whoever comes next (design 4.5).
 */
export async function runProvider(ctx: Context, server: WorkspaceServer): Promise<void> {
  const { tenantId, workspaceId } = server.snapshot;
  const prefix = `/${tenantId}/${workspaceId}`;
  const mounted = ctx as Context & { mountPath?: string };
  const before = { path: ctx.path, mountPath: mounted.mountPath };
  mounted.mountPath = prefix;
  ctx.path = before.path.slice(prefix.length) || '/';
  try {
    await compose(server.provider.middleware)(ctx, async () => undefined);
  } finally {
    ctx.path = before.path;
    if (before.mountPath === undefined) delete mounted.mountPath;
    else mounted.mountPath = before.mountPath;
  }
}
