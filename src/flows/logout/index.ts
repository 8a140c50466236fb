import { renderPage, setPage } from '../../http/render.ts';
import { endOwnSession } from '../../oidc/browser_session.ts';
import type { KoaContextWithOIDC } from '../../oidc/interactions.ts';
import type { WorkspaceServer } from '../../oidc/workspace_server.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import { homeOf, labelOf } from '../journey.ts';

/** What a session remembers of a logout that waits for an answer. `clientId` is read by the library. */
type LogoutState = { readonly secret: string; clientId?: string | undefined; askedBy?: string };

/**
 * RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0 §2): asks, unless the application has shown by a
 * valid ID token that it means the person who is signed in.
 */
export async function confirmLogout(ctx: KoaContextWithOIDC, server: WorkspaceServer): Promise<void> {
  const { session, entities, client } = ctx.oidc;
  if (!session) throw new Error('logout without a session');
  if (entities.IdTokenHint?.payload.sub === session.accountId) return signOutNow(ctx);
  const state = session.state as LogoutState;
  // A refusal would otherwise end this application's tokens and say "signed out" (the library's confirm).
  if (state.clientId !== undefined) state.askedBy = state.clientId;
  delete state.clientId;
  const registration = client && (await server.clients.find(client.clientId));
  await renderPage(ctx, 'logout_confirm', {
    action: ctx.oidc.urlFor('end_session_confirm'),
    fields: { xsrf: state.secret },
    ...(registration ? { app: labelOf(registration) } : {}),
  });
}

/** The question was answered with "stay signed in": everything is as it was. Takes the place of the library's redirect. */
export async function staySignedIn(ctx: KoaContextWithOIDC, server: WorkspaceServer): Promise<void> {
  const state = ctx.oidc.session?.state as LogoutState | undefined;
  const registration = state?.askedBy === undefined ? undefined : await server.clients.find(state.askedBy);
  const backHref = registration && homeOf(registration);
  ctx.remove('Location');
  setPage(ctx, { selfHref: `${new URL(server.issuer).pathname}/oidc/logout` });
  await renderPage(ctx, 'still_signed_in', {
    ...(registration ? { app: labelOf(registration) } : {}),
    ...(backHref === undefined ? {} : { backHref }),
  });
}

/** The page after a logout that leads nowhere else. */
export async function signedOut(ctx: KoaContextWithOIDC, server: WorkspaceServer): Promise<void> {
  const { client } = ctx.oidc;
  const registration = client && (await server.clients.find(client.clientId));
  const backHref = registration && homeOf(registration);
  await renderPage(ctx, 'signed_out', {
    ...(registration ? { app: labelOf(registration) } : {}),
    ...(backHref === undefined ? {} : { backHref }),
  });
}

/**
 * Nobody is signed in: nothing to confirm and nothing to keep. Takes the place of the self-submitting form that
 * the library would send.
 */
export function leaveAnonymously(ctx: KoaContextWithOIDC): void {
  currentUnit().forgetNewSessions();
  ctx.remove('Set-Cookie');
  goOn(ctx);
}

async function signOutNow(ctx: KoaContextWithOIDC): Promise<void> {
  const { session } = ctx.oidc;
  if (!session) return;
  currentUnit().audit(
    { subject: 'tokens', action: 'revoked', payload: { route: 'end_session' } },
    {
      kind: 'user',
      ...(ctx.oidc.client ? { clientId: ctx.oidc.client.clientId } : {}),
      ...(session.accountId === undefined ? {} : { userId: session.accountId }),
    },
  );
  await endOwnSession(ctx);
  goOn(ctx);
}

// `post_logout_redirect_uri` was checked against the client's registration before this is called.
function goOn(ctx: KoaContextWithOIDC): void {
  const { post_logout_redirect_uri: target, state } = ctx.oidc.params ?? {};
  // Not `urlFor`: it forgets the workspace's path once the provider has answered.
  const { issuer } = ctx.oidc.provider;
  const to = new URL(typeof target === 'string' ? target : `${issuer}/oidc/logout/success`);
  if (typeof target === 'string' && typeof state === 'string') to.searchParams.set('state', state);
  if (typeof target !== 'string' && ctx.oidc.client)
    to.searchParams.set('client_id', ctx.oidc.client.clientId);
  ctx.type = '';
  ctx.body = null;
  ctx.status = 303;
  ctx.redirect(to.href);
}
