import type { FindAccount } from 'oidc-provider';
import { currentUnit } from '../sessions/unit_of_work.ts';
import { mayAct } from '../users/account.ts';
import { connectionForPool, type WorkspaceSnapshot } from '../workspaces/snapshot.ts';
import { claimsOf } from './claims.ts';

/**
 * Who a session, code or token stands for, asked anew at every step: a person who left `active`, whose pool is
 * gone or no longer connected here is nobody (rule 25).
 */
export function createFindAccount(snapshot: WorkspaceSnapshot): FindAccount {
  return async (_ctx, sub) => {
    const account = await currentUnit().findAccount(sub);
    if (!mayAct(account)) return undefined;
    const connection = connectionForPool(snapshot, account.poolId);
    if (!connection) return undefined;
    return {
      accountId: account.userId,
      claims: async () => claimsOf(account, snapshot, connection),
    };
  };
}
