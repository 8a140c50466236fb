import type { Context } from 'koa';
import { presentContractStyling } from '../branding/contract_styling.ts';
import type { WorkspaceServer } from '../oidc/workspace_server.ts';
import { ownedBrand } from './look.ts';

/** The address below the issuer at which programs ask how a workspace looks. */
export const isPublicStyling = (ctx: Context, pathBelowIssuer: string): boolean =>
  pathBelowIssuer === '/styling' && (ctx.method === 'GET' || ctx.method === 'HEAD');

/** The colours and the logo of a workspace, to everybody (contract 3.5): for pages that are to look like ours. */
export function servePublicStyling(ctx: Context, server: WorkspaceServer): void {
  ctx.set('Access-Control-Allow-Origin', '*');
  // No validator: it is small, from memory, and a change shows within seconds.
  ctx.set('Cache-Control', 'no-cache');
  ctx.status = 200;
  ctx.body = presentContractStyling(ownedBrand(server.snapshot), new URL(server.issuer).origin);
}
