import type { Knex } from 'knex';
import type { UserScope } from '../user.ts';

/**
 * Ends a person's open codes that may have gone to a name which is no longer theirs, or no longer what it was:
 * those sent there, and those that a caller delivered somewhere we do not know.
 */
export async function endCodesSentTo(tx: Knex.Transaction, scope: UserScope, name: string): Promise<void> {
  await tx.raw(
    `DELETE FROM codes WHERE tenant_id = ? AND pool_id = ? AND user_id = ?
        AND (address_key = ? OR address_key IS NULL)`,
    [scope.tenantId, scope.poolId, scope.userId, name],
  );
}
