import type { Knex } from 'knex';
import type { UserScope } from './user.ts';

// More than anyone reads; bounds what one change may send.
const MOST = 10;

/** The addresses of a person that are verified and in use, the oldest first. */
export async function provenAddresses(
  executor: Knex,
  scope: UserScope,
): Promise<{ readonly type: 'email' | 'mobile'; readonly address: string }[]> {
  return executor('verifiable_addresses')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, user_id: scope.userId })
    .andWhere({ verified: true, status: 'active' })
    .orderBy(['created_at', 'address_id'])
    .limit(MOST)
    .select('type', 'address');
}
