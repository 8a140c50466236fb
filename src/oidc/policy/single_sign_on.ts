import type { KoaContextWithOIDC } from 'oidc-provider';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import { connectionForPool, type WorkspaceSnapshot } from '../../workspaces/snapshot.ts';

/**
 * Whether a session must not sign the person in to what asks now: the workspace has no single sign-on, or the
 * person's connection takes no part in it. What was just signed in to is not asked again.
 */
export function servesOneApplication(ctx: KoaContextWithOIDC, snapshot: WorkspaceSnapshot): boolean {
  const { session, result } = ctx.oidc;
  if (!session?.accountId || result?.login) return false;
  if (!snapshot.ssoEnabled) return true;
  const poolId = currentUnit().poolOf(session.accountId);
  return poolId !== undefined && (connectionForPool(snapshot, poolId)?.ssoDisabled ?? false);
}
