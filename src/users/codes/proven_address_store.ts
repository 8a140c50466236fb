import type { Knex } from 'knex';
import type { UserScope } from '../user.ts';

/** Throws the unique violation of `verifiable_addresses_verified`. */
export async function setVerified(tx: Knex.Transaction, scope: UserScope, addressId: string): Promise<void> {
  await tx('verifiable_addresses')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, user_id: scope.userId, address_id: addressId })
    .update({ verified: true, verified_at: tx.fn.now(), updated_at: tx.fn.now() });
}

/** Removes what proves a person apart from their password; gives how many. */
export async function deleteOtherFactors(tx: Knex.Transaction, scope: UserScope): Promise<number> {
  await tx('passkeys')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, user_id: scope.userId })
    .del();
  return tx('credentials')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, user_id: scope.userId })
    .whereIn('type', ['totp', 'webauthn'])
    .del();
}

export async function deletePassword(tx: Knex.Transaction, scope: UserScope): Promise<void> {
  await tx('credentials')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, user_id: scope.userId, type: 'password' })
    .del();
}
