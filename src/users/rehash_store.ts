import type { Knex } from 'knex';

/**
 * Puts a newer hash of the same password in place of an older one. Does nothing when the password was changed
 * meanwhile: `before` must still be what is stored.
 */
export async function replacePasswordHash(
  executor: Knex,
  scope: { tenantId: string; poolId: string },
  credentialId: string,
  before: string,
  after: string,
): Promise<void> {
  await executor('credentials')
    .where({
      tenant_id: scope.tenantId,
      pool_id: scope.poolId,
      credential_id: credentialId,
      type: 'password',
      secret: before,
    })
    .update({ secret: after });
}
