import type { Context } from 'koa';
import { endOwnSession } from '../oidc/browser_session.ts';
import type { KoaContextWithOIDC } from '../oidc/interactions.ts';
import type { WorkspaceServer } from '../oidc/workspace_server.ts';
import { leaveAnonymously, staySignedIn } from './logout/index.ts';

/**
 * Puts our answer in the place of those that the library gives past our pages: forms that submit themselves by
 * an inline script, and a logout that was declined but calls itself done. Runs when the provider has answered.
 */
export async function replaceLibraryAnswer(ctx: Context, server: WorkspaceServer): Promise<void> {
  if (!isOfProvider(ctx)) return;
  const { route, session, params } = ctx.oidc;
  if (route === 'end_session' && ctx.status === 200 && session?.accountId === undefined) {
    leaveAnonymously(ctx);
  } else if (route === 'end_session_confirm' && ctx.status === 303 && !params?.logout) {
    await staySignedIn(ctx, server);
  } else if (route === 'resume' && isOfAnotherPerson(ctx)) {
    await takeOver(ctx);
  }
}

/** Somebody signed in here, in another tab, while this sign-in was under way. */
function isOfAnotherPerson({ oidc }: KoaContextWithOIDC): boolean {
  const { session, entities } = oidc;
  const now = entities.Interaction?.result?.login?.accountId;
  return now !== undefined && session?.accountId !== undefined && session.accountId !== now;
}

// The library leaves the request as it was: with the other session gone, the same address goes on.
async function takeOver(ctx: KoaContextWithOIDC): Promise<void> {
  await endOwnSession(ctx);
  ctx.type = '';
  ctx.body = null;
  ctx.status = 303;
  ctx.redirect(new URL(ctx.path, ctx.oidc.provider.issuer).href);
}

function isOfProvider(ctx: Context): ctx is KoaContextWithOIDC {
  return 'oidc' in ctx && ctx['oidc'] !== undefined;
}
