import type { Context } from 'koa';
import { correlationId } from '../../http/request_id.ts';
import { renderPage } from '../../http/render.ts';
import { type ErrorOut, errors, type KoaContextWithOIDC } from '../../oidc/interactions.ts';
import type { WorkspaceServer } from '../../oidc/workspace_server.ts';
import { AccessEnded } from '../../sessions/artefacts.ts';
import type { UnitOfWork } from '../../sessions/unit_of_work.ts';
import { homeOf, labelOf } from '../journey.ts';

/** True for the errors that mean: this sign-in is over, was finished already, or is not this browser's. */
export function isOver(error: unknown): boolean {
  return error instanceof errors.SessionNotFound || error instanceof AccessEnded;
}

/** "This sign-in has run out", with the way back to the application where it is known: never a dead end. */
export async function showExpired(
  ctx: Context,
  server: WorkspaceServer,
  unit: UnitOfWork | undefined,
  uid: string | undefined,
): Promise<void> {
  const way = uid === undefined ? undefined : await unit?.findWayBack(uid).catch(() => undefined);
  const clientId = way?.params?.client_id;
  const client = clientId === undefined ? undefined : await server.clients.find(clientId);
  const backHref = client && homeOf(client, way?.params?.redirect_uri);
  await renderPage(ctx, 'expired', {
    ...(client ? { app: labelOf(client) } : {}),
    ...(backHref === undefined ? {} : { backHref }),
  });
}

/** The page for an error of the protocol that may not, or cannot, be sent to the application. */
export async function showProtocolError(
  ctx: KoaContextWithOIDC,
  server: WorkspaceServer,
  out: ErrorOut,
): Promise<void> {
  const { client } = ctx.oidc;
  const registration = client && (await server.clients.find(client.clientId));
  const backHref = registration && homeOf(registration);
  await renderPage(ctx, 'error', {
    code: out.error,
    status: ctx.status >= 400 ? ctx.status : 400,
    correlationId: correlationId(ctx),
    ...(registration ? { app: labelOf(registration) } : {}),
    ...(backHref === undefined ? {} : { backHref }),
  });
}
