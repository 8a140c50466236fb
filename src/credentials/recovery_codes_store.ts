import type { Knex } from 'knex';
import type { UserScope } from '../users/user.ts';

const keyOf = ({ tenantId, poolId, userId }: UserScope) => ({
  tenant_id: tenantId,
  pool_id: poolId,
  user_id: userId,
});

/** Puts new codes in the place of all earlier ones. */
export async function replaceRecoveryCodes(
  tx: Knex.Transaction,
  scope: UserScope,
  hashes: readonly string[],
): Promise<void> {
  await tx('recovery_codes').where(keyOf(scope)).del();
  await tx('recovery_codes').insert(hashes.map((hash) => ({ ...keyOf(scope), code_hash: hash })));
}

/** The hashes of the codes that a person has left. */
export async function listRecoveryCodes(executor: Knex, scope: UserScope): Promise<string[]> {
  const rows = await executor('recovery_codes')
    .where(keyOf(scope))
    .orderBy('code_hash')
    .select<{ code_hash: string }[]>('code_hash');
  return rows.map((row) => row.code_hash);
}

/** Uses a code up. False for all but the first of several at the same moment (rule 1). */
export async function deleteRecoveryCode(
  tx: Knex.Transaction,
  scope: UserScope,
  hash: string,
): Promise<boolean> {
  return (
    (await tx('recovery_codes')
      .where({ ...keyOf(scope), code_hash: hash })
      .del()) === 1
  );
}
