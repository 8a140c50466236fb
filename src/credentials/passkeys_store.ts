import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { selection, toRow, type Columns } from '../db/columns.ts';
import type { PoolScope } from '../pools/pool.ts';
import type { UserScope } from '../users/user.ts';
import type { NewPasskey, Passkey } from './passkeys.ts';

const COLUMNS: Columns<Passkey> = {
  id: 'passkey_id',
  name: 'name',
  publicKey: 'public_key',
  userHandle: 'user_handle',
  transports: 'transports',
  signCount: 'sign_count',
  cloneWarning: 'clone_warning',
  userVerified: 'user_verified',
  backupEligible: 'backup_eligible',
  backupState: 'backup_state',
  aaguid: 'aaguid',
  attachment: 'attachment',
  attestationType: 'attestation_type',
  createdAt: 'created_at',
  lastUsedAt: 'last_used_at',
};
const SELECT = selection(COLUMNS, 'k');

const keyOf = ({ tenantId, poolId, userId }: UserScope) => ({
  tenant_id: tenantId,
  pool_id: poolId,
  user_id: userId,
});

/** A person's keys, the oldest first. */
export async function listPasskeys(executor: Knex, scope: UserScope): Promise<Passkey[]> {
  const { rows } = await executor.raw<{ rows: Passkey[] }>(
    `SELECT ${SELECT} FROM passkeys k WHERE k.tenant_id = ? AND k.pool_id = ? AND k.user_id = ?
      ORDER BY k.created_at, k.passkey_id`,
    [scope.tenantId, scope.poolId, scope.userId],
  );
  return rows;
}

/** A key of a pool with its owner, whoever that is. */
export async function findPasskey(
  executor: Knex,
  scope: PoolScope,
  id: string,
): Promise<(Passkey & { readonly userId: string }) | undefined> {
  const { rows } = await executor.raw<{ rows: (Passkey & { userId: string })[] }>(
    `SELECT ${SELECT}, k.user_id AS "userId" FROM passkeys k
      WHERE k.tenant_id = ? AND k.pool_id = ? AND k.passkey_id = ?`,
    [scope.tenantId, scope.poolId, id],
  );
  return rows[0];
}

/** Adds a key. False when the pool knows it already, whoever's it is. */
export async function insertPasskey(
  tx: Knex.Transaction,
  scope: UserScope,
  key: NewPasskey,
): Promise<boolean> {
  const added = await tx('passkeys')
    .insert({ ...keyOf(scope), ...toRow<Partial<Passkey>>(COLUMNS, key) })
    .onConflict(['tenant_id', 'pool_id', 'passkey_id'])
    .ignore()
    .returning('passkey_id');
  return added.length === 1;
}

/** Brings the credential that a person's keys hang together in up to date: there is one as long as there is a key. */
export async function keepKeyRing(tx: Knex.Transaction, scope: UserScope): Promise<void> {
  await tx.raw(
    `WITH gone AS (
       DELETE FROM credentials WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId
          AND type = 'webauthn' AND NOT EXISTS (SELECT FROM passkeys k WHERE k.tenant_id = :tenantId
              AND k.pool_id = :poolId AND k.user_id = :userId))
     INSERT INTO credentials (tenant_id, pool_id, credential_id, user_id, type, secret)
     SELECT :tenantId, :poolId, :id, :userId, 'webauthn', ''
      WHERE EXISTS (SELECT FROM passkeys k WHERE k.tenant_id = :tenantId AND k.pool_id = :poolId
                       AND k.user_id = :userId)
     ON CONFLICT (tenant_id, pool_id, user_id, type) DO UPDATE SET updated_at = now()`,
    { tenantId: scope.tenantId, poolId: scope.poolId, userId: scope.userId, id: randomUUID() },
  );
}

/** False for a key that the person does not have. */
export async function renamePasskey(
  tx: Knex.Transaction,
  scope: UserScope,
  id: string,
  name: string,
): Promise<boolean> {
  return (
    (await tx('passkeys')
      .where({ ...keyOf(scope), passkey_id: id })
      .update({ name })) === 1
  );
}

export async function deletePasskey(tx: Knex.Transaction, scope: UserScope, id: string): Promise<boolean> {
  return (
    (await tx('passkeys')
      .where({ ...keyOf(scope), passkey_id: id })
      .del()) === 1
  );
}

/**
 * Records a use. A counter that has not gone up, where either side counts at all, is that of a copy: the key is
 * marked and false is given, in the same statement (WebAuthn L3 §7.2 step 22).
 */
export async function usePasskey(
  executor: Knex,
  scope: UserScope,
  id: string,
  use: { readonly signCount: number; readonly backupState: boolean },
): Promise<boolean> {
  const { rows } = await executor.raw<{ rows: { counts: boolean }[] }>(
    `UPDATE passkeys k SET
        sign_count = CASE WHEN o.counts THEN :signCount ELSE k.sign_count END,
        backup_state = CASE WHEN o.counts THEN :backupState ELSE k.backup_state END,
        last_used_at = CASE WHEN o.counts THEN now() ELSE k.last_used_at END,
        clone_warning = k.clone_warning OR NOT o.counts
       FROM (SELECT passkey_id, sign_count < :signCount OR (sign_count = 0 AND :signCount = 0) AS counts
               FROM passkeys WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId
                AND passkey_id = :id FOR UPDATE) o
      WHERE k.tenant_id = :tenantId AND k.pool_id = :poolId AND k.user_id = :userId
        AND k.passkey_id = o.passkey_id
      RETURNING o.counts`,
    {
      tenantId: scope.tenantId,
      poolId: scope.poolId,
      userId: scope.userId,
      id,
      signCount: use.signCount,
      backupState: use.backupState,
    },
  );
  return rows[0]?.counts === true;
}
