import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { DomainError } from '../../domain_error.ts';
import type { HashedPassword } from './new_password.ts';
import { touchUser } from '../user_store.ts';
import type { UserScope } from '../user.ts';

/**
 * Gives a person a new password in place of any earlier one, which goes into the history as far as the pool's
 * policy asks. Holds the user row until the transaction ends and raises its version.
 * @returns the person's new version; undefined when there is no such person.
 * @throws {DomainError} 412 when the password was changed since the new one was compared with it.
 */
export async function putPassword(
  tx: Knex.Transaction,
  scope: UserScope,
  password: HashedPassword,
): Promise<number | undefined> {
  const held = await tx.raw<{ rows: { version: number }[] }>(
    `UPDATE users SET row_version = row_version + 1
      WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId
      RETURNING row_version::int AS version`,
    { ...scope },
  );
  const version = held.rows[0]?.version;
  if (version === undefined) return undefined;
  const { rows } = await tx.raw<{ rows: { secret: string; since: string }[] }>(
    `SELECT secret, updated_at::text AS since FROM credentials
      WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId AND type = 'password'`,
    { ...scope },
  );
  const before = rows[0];
  if (password.replaces !== undefined && password.replaces !== (before?.since ?? null)) {
    throw new DomainError('precondition_failed', 'The password was changed meanwhile: begin again');
  }
  await tx.raw(
    `INSERT INTO credentials (tenant_id, pool_id, credential_id, user_id, type, state, secret, expires_at)
     VALUES (:tenantId, :poolId, :id, :userId, 'password', :state, :hash,
             CASE WHEN :seconds::int > 0 THEN now() + make_interval(secs => :seconds::int) END)
     ON CONFLICT (tenant_id, pool_id, user_id, type)
     DO UPDATE SET state = excluded.state, secret = excluded.secret, expires_at = excluded.expires_at,
                   updated_at = clock_timestamp()`,
    {
      ...scope,
      id: randomUUID(),
      state: password.state,
      hash: password.hash,
      seconds: password.expiresAfterSeconds,
    },
  );
  await keepHistory(tx, scope, before?.secret, password.historyLength - 1);
  return version;
}

/** Puts the replaced hash first and forgets all but the newest `keep`. The current one is not among them. */
async function keepHistory(
  tx: Knex.Transaction,
  scope: UserScope,
  replaced: string | undefined,
  keep: number,
): Promise<void> {
  if (replaced !== undefined && keep > 0) {
    await tx.raw(
      `INSERT INTO password_history (tenant_id, pool_id, user_id, secret)
       VALUES (:tenantId, :poolId, :userId, :replaced)`,
      { ...scope, replaced },
    );
  }
  await tx.raw(
    `DELETE FROM password_history WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId
        AND entry_id NOT IN (SELECT entry_id FROM password_history
              WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId
              ORDER BY entry_id DESC LIMIT :keep)`,
    { ...scope, keep: Math.max(0, keep) },
  );
}

/**
 * The newest passwords of a person, the current one first, at most `count`, and since when the current one has
 * been there (null: there is none).
 */
export async function readEarlierPasswords(
  executor: Knex,
  scope: UserScope,
  count: number,
): Promise<{ readonly hashes: readonly string[]; readonly since: string | null }> {
  const { rows } = await executor.raw<{ rows: { secret: string; since: string | null }[] }>(
    `(SELECT secret, updated_at::text AS since FROM credentials
       WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId AND type = 'password')
     UNION ALL
     (SELECT secret, NULL FROM password_history
       WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId
       ORDER BY entry_id DESC LIMIT :earlier)`,
    { ...scope, earlier: count - 1 },
  );
  return {
    hashes: rows.map(({ secret }) => secret),
    since: rows.find(({ since }) => since !== null)?.since ?? null,
  };
}

/** Gives a password its state, and the person a new version. False when there is no password. */
export async function setPasswordState(
  tx: Knex.Transaction,
  scope: UserScope,
  state: HashedPassword['state'],
): Promise<boolean> {
  const changed = await tx('credentials')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, user_id: scope.userId, type: 'password' })
    .update({ state });
  if (changed > 0) await touchUser(tx, scope);
  return changed > 0;
}

/** A password that must be changed must be reset from now on, if it is still the one of `since`; gives whether it was. */
export async function spendPassword(tx: Knex.Transaction, scope: UserScope, since: string): Promise<boolean> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `UPDATE credentials SET state = 'must_be_reset'
      WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId AND type = 'password'
        AND state = 'must_be_changed' AND updated_at::text = :since`,
    { ...scope, since },
  );
  if (rowCount > 0) await touchUser(tx, scope);
  return rowCount > 0;
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
