import type { OidcPages } from '../oidc/oidc_pages.ts';
import { errors, type KoaContextWithOIDC } from '../oidc/interactions.ts';
import type { WorkspaceServer } from '../oidc/workspace_server.ts';
import { currentUnit } from '../sessions/unit_of_work.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';
import { showExpired, showProtocolError } from './failures/index.ts';
import { confirmLogout, signedOut } from './logout/index.ts';

/** The pages that oidc-provider asks for by itself, for every workspace. */
export function createOidcPages(
  find: (scope: WorkspaceScope) => Promise<WorkspaceServer | undefined>,
): OidcPages {
  const serverOf = async (ctx: KoaContextWithOIDC): Promise<WorkspaceServer> => {
    const [tenantId = '', workspaceId = ''] = new URL(ctx.oidc.issuer).pathname.slice(1).split('/');
    const server = await find({ tenantId, workspaceId });
    if (!server) throw new errors.SessionNotFound('the workspace is gone');
    return server;
  };
  return {
    confirmLogout: async (ctx) => confirmLogout(ctx, await serverOf(ctx)),
    signedOut: async (ctx) => signedOut(ctx, await serverOf(ctx)),
    error: async (ctx, out, error) => {
      const server = await serverOf(ctx);
      if (error instanceof errors.SessionNotFound && ctx.oidc.route === 'resume') {
        const uid = ctx.path.split('/').at(-1);
        return showExpired(ctx, server, currentUnit(), uid);
      }
      return showProtocolError(ctx, server, out);
    },
  };
}
