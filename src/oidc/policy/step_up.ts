import type { KoaContextWithOIDC } from 'oidc-provider';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import { connectionForPool, type WorkspaceSnapshot } from '../../workspaces/snapshot.ts';
import { wantsTwoFactors } from '../acr.ts';

/**
 * Whether the person is to prove more than their session did, because the application asks for two factors and their
 * pool has them. The wish is voluntary: without a page to ask on, and where there is nothing to ask for, it is left.
 */
export function needsStepUp(ctx: KoaContextWithOIDC, snapshot: WorkspaceSnapshot): boolean {
  const { session, result, params, prompts } = ctx.oidc;
  if (!session?.accountId || result?.login || prompts.has('none')) return false;
  if (!wantsTwoFactors(params?.acr_values) || session.acr === '2fa') return false;
  const poolId = currentUnit().poolOf(session.accountId);
  const connection = poolId === undefined ? undefined : connectionForPool(snapshot, poolId);
  return (connection?.pool.secondFactors.length ?? 0) > 0;
}
