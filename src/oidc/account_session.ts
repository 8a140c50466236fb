import type { Context } from 'koa';
import { ACCOUNT_CLIENT_ID } from './account_client.ts';
import type { WorkspaceServer } from './workspace_server.ts';

/** Somebody's sign-in, as far as it goes for the account page. */
export type AccountSession = {
  readonly uid: string;
  readonly accountId: string;
  readonly grantId: string | undefined;
  /** Epoch seconds. */
  readonly authTime: number;
};

/**
 * The session that this browser has in this workspace, once it was signed in to the account page: whatever the
 * workspace asks of a sign-in was asked then, single sign-on or not. Undefined for any other, and for one that
 * has reached its absolute end.
 */
export async function findAccountSession(
  ctx: Context,
  { provider, snapshot }: WorkspaceServer,
): Promise<AccountSession | undefined> {
  const session = await provider.Session.get(ctx);
  const { accountId, uid, loginTs } = session;
  if (accountId === undefined || loginTs === undefined) return undefined;
  if (session.past(snapshot.lifetimes.absoluteSessionSeconds)) return undefined;
  const given = session.authorizations?.[ACCOUNT_CLIENT_ID];
  return given?.sid === undefined ? undefined : { uid, accountId, grantId: given.grantId, authTime: loginTs };
}

/** Takes the session's cookie from the browser; the session itself has ended. */
export function endCookie(ctx: Context, { provider, snapshot }: WorkspaceServer): void {
  ctx.cookies.set(provider.cookieName('session'), null, {
    path: `/${snapshot.tenantId}/${snapshot.workspaceId}`,
    httpOnly: true,
    sameSite: 'lax',
    overwrite: true,
  });
}
