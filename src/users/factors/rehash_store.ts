import type { Knex } from 'knex';

/**
 * Puts a newer hash of the same password in place of an older one. Does nothing when the password was changed
 * meanwhile: `hash` must still be what is stored.
 */
export async function replacePasswordHash(
  executor: Knex,
  scope: { tenantId: string; poolId: string },
  { userId, credentialId, hash }: { userId: string; credentialId: string; hash: string },
  fresh: string,
): Promise<void> {
  await executor('credentials')
    .where({
      tenant_id: scope.tenantId,
      pool_id: scope.poolId,
      user_id: userId,
      type: 'password',
      credential_id: credentialId,
      secret: hash,
    })
    .update({ secret: fresh });
}
