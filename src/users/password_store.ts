import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { HashedPassword } from './new_password.ts';
import type { UserScope } from './user.ts';

/** Gives a person a new password in place of any earlier one. */
export async function putPassword(
  tx: Knex.Transaction,
  scope: UserScope,
  password: HashedPassword,
): Promise<void> {
  await tx.raw(
    `INSERT INTO credentials (tenant_id, pool_id, credential_id, user_id, type, state, secret, expires_at)
     VALUES (:tenantId, :poolId, :id, :userId, 'password', :state, :hash,
             CASE WHEN :seconds::int > 0 THEN now() + make_interval(secs => :seconds::int) END)
     ON CONFLICT (tenant_id, pool_id, user_id, type) WHERE type IN ('password', 'totp')
     DO UPDATE SET state = excluded.state, secret = excluded.secret, expires_at = excluded.expires_at,
                   updated_at = now()`,
    {
      ...scope,
      id: randomUUID(),
      state: password.state,
      hash: password.hash,
      seconds: password.expiresAfterSeconds,
    },
  );
}

/** The person that an identifier's lookup key names in a pool. */
export async function findUserIdByKey(
  executor: Knex,
  scope: { tenantId: string; poolId: string },
  lookupKey: string,
): Promise<string | undefined> {
  const row = await executor('identifiers')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, lookup_key: lookupKey })
    .first<{ user_id: string } | undefined>('user_id');
  return row?.user_id;
}
