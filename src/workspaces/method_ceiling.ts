import type { Knex } from 'knex';
import { refuseAny, type Issue } from '../domain_error.ts';
import { connectionsWithoutMethod, type Methodless } from './method_ceiling_store.ts';

/** Whose change it is, and so which of the two contradicting lists the caller sees as their own. */
type Side = 'workspace' | 'pool' | 'connection';

/**
 * Refuses what leaves an enabled connection without any way to sign in, or without the second factor that its pool
 * demands: the workspace's ceiling and the pool's methods have none in common. Asked after the change was written and its workspaces were touched, so that two
 * changes at the same moment do not miss each other.
 */
export async function requireMethods(
  tx: Knex.Transaction,
  scope: { readonly tenantId: string; readonly workspaceId?: string; readonly poolId?: string },
  side: Side,
): Promise<void> {
  const found = await connectionsWithoutMethod(tx, scope);
  refuseAny(found.map((one) => issueOf(one, side)));
}

function issueOf(one: Methodless, side: Side): Issue {
  const ceiling = `the workspace ${one.workspaceId} (authentication_mechanisms: ${one.ceiling.join(', ')})`;
  const list = one.isSecond ? 'second_factor_authentication_mechanisms' : 'authentication_mechanisms';
  const pool = `the pool ${one.poolName} (${list}: ${one.mechanisms.join(', ') || 'none'})`;
  const lacking = one.isSecond ? 'any second factor' : 'any method';
  const message = {
    workspace: `leaves ${pool}, which is connected, without ${lacking}`,
    pool: `leaves the people of this pool without ${lacking} in ${ceiling}`,
    connection: `${pool} and ${ceiling} have no method in common`,
  }[side];
  const own = side === 'pool' ? list : 'authentication_mechanisms';
  const pointer = side === 'connection' ? '/identity_pool_id' : `/${own}`;
  return { pointer, message };
}
