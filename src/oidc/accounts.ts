import type { FindAccount } from 'oidc-provider';
import { currentUnit } from '../sessions/unit_of_work.ts';
import { mayAct } from '../users/account.ts';
import { connectionForPool, type WorkspaceSnapshot } from '../workspaces/snapshot.ts';
import { isNobodyTo } from './admission.ts';
import { claimsOf } from './claims.ts';
import type { WorkspaceClients } from './clients.ts';

/**
 * Who a session, code or token stands for, asked anew at every step: a person who left `active`, whose pool is
 * gone or no longer connected here is nobody, and so is who left the groups that the application requires (rule 25).
 */
export function createFindAccount(snapshot: WorkspaceSnapshot, clients: WorkspaceClients): FindAccount {
  return async (ctx, sub) => {
    const account = await currentUnit().findAccount(sub);
    if (!mayAct(account)) return undefined;
    const connection = connectionForPool(snapshot, account.poolId);
    if (!connection || isNobodyTo(ctx, clients, account)) return undefined;
    return {
      accountId: account.userId,
      claims: async (use, scope) => claimsOf(ctx, account, snapshot, connection, { use, scope }),
    };
  };
}
