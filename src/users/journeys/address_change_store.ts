import type { Knex } from 'knex';
import type { PoolScope } from '../../pools/pool.ts';
import type { KeptAccess } from '../../sessions/end_access.ts';
import type { Identifier, UserScope, VerifiableAddress } from '../user.ts';

/** What a change took away, as it was. */
export type TakenAway = {
  readonly address: VerifiableAddress;
  /** The old address as a sign-in name, where it was one. */
  readonly identifier?: Identifier | undefined;
};

export type AddressChange = {
  readonly changeId: string;
  readonly userId: string;
  readonly newKey: string;
  /** The row of the new address was made for this change. */
  readonly addsRow: boolean;
  /** The address that goes; null when one is added. */
  readonly oldKey: string | null;
  readonly taken: TakenAway | null;
  readonly keep: KeptAccess | null;
  readonly expiresAt: Date;
  readonly confirmedAt: Date | null;
};

const ROW = `change_id AS "changeId", user_id AS "userId", new_key AS "newKey", adds_row AS "addsRow",
  old_key AS "oldKey", taken, keep, expires_at AS "expiresAt", confirmed_at AS "confirmedAt"`;

export type NewChange = Pick<AddressChange, 'changeId' | 'newKey' | 'addsRow' | 'oldKey' | 'keep'>;

/** Stages a change; gives until when it can be confirmed. The person's earlier one has to be gone. */
export async function insertChange(
  tx: Knex.Transaction,
  scope: UserScope,
  { changeId, newKey, addsRow, oldKey, keep }: NewChange,
  ttlSeconds: number,
): Promise<Date> {
  const { rows } = await tx.raw<{ rows: [{ expiresAt: Date }] }>(
    `INSERT INTO address_changes (tenant_id, pool_id, user_id, change_id, new_key, adds_row, old_key, keep, expires_at)
     VALUES (:tenantId, :poolId, :userId, :changeId, :newKey, :addsRow, :oldKey, :keep,
             now() + make_interval(secs => :ttlSeconds)) RETURNING expires_at AS "expiresAt"`,
    {
      ...scope,
      changeId,
      newKey,
      addsRow,
      oldKey: oldKey as string,
      keep: (keep === null ? null : JSON.stringify(keep)) as string,
      ttlSeconds,
    },
  );
  return rows[0].expiresAt;
}

/** The change of a person that still waits to be confirmed. */
export async function findStaged(executor: Knex, scope: UserScope): Promise<AddressChange | undefined> {
  const { rows } = await executor.raw<{ rows: AddressChange[] }>(
    `SELECT ${ROW} FROM address_changes WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId
        AND confirmed_at IS NULL AND expires_at > now()`,
    { ...scope },
  );
  return rows[0];
}

/** Takes the change that waits away, expired or not, and gives it. */
export async function takeStaged(tx: Knex.Transaction, scope: UserScope): Promise<AddressChange | undefined> {
  const { rows } = await tx.raw<{ rows: AddressChange[] }>(
    `DELETE FROM address_changes WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId
        AND confirmed_at IS NULL RETURNING ${ROW}`,
    { ...scope },
  );
  return rows[0];
}

/** Marks the change to this address as made, from now on open to an objection; undefined when none waits. */
export async function confirmStaged(
  tx: Knex.Transaction,
  scope: UserScope,
  newKey: string,
  objectionSeconds: number,
): Promise<AddressChange | undefined> {
  const { rows } = await tx.raw<{ rows: AddressChange[] }>(
    `UPDATE address_changes SET confirmed_at = now(), expires_at = now() + make_interval(secs => :objectionSeconds)
      WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId AND new_key = :newKey
        AND confirmed_at IS NULL AND expires_at > now() RETURNING ${ROW}`,
    { ...scope, newKey, objectionSeconds },
  );
  return rows[0];
}

export async function keepTaken(
  tx: Knex.Transaction,
  { tenantId }: UserScope,
  changeId: string,
  taken: TakenAway,
): Promise<void> {
  await tx('address_changes')
    .where({ tenant_id: tenantId, change_id: changeId })
    .update({ taken: JSON.stringify(taken) });
}

/** Whether an objection to this change would still do something. */
export async function isOpenChange(executor: Knex, scope: PoolScope, changeId: string): Promise<boolean> {
  const { rows } = await executor.raw<{ rows: unknown[] }>(
    `SELECT FROM address_changes WHERE tenant_id = :tenantId AND pool_id = :poolId AND change_id = :changeId
        AND expires_at > now()`,
    { tenantId: scope.tenantId, poolId: scope.poolId, changeId },
  );
  return rows.length === 1;
}

/**
 * Uses a change up for an objection, and every later one of that person with it, the latest first. Empty for all but
 * the first of several objections at the same moment (rule 1).
 */
export async function takeForObjection(
  tx: Knex.Transaction,
  scope: PoolScope,
  changeId: string,
): Promise<AddressChange[]> {
  const { rows } = await tx.raw<{ rows: AddressChange[] }>(
    `WITH gone AS (
       DELETE FROM address_changes a USING address_changes o
        WHERE o.tenant_id = :tenantId AND o.pool_id = :poolId AND o.change_id = :changeId AND o.expires_at > now()
          AND a.tenant_id = o.tenant_id AND a.pool_id = o.pool_id AND a.user_id = o.user_id
          AND a.created_at >= o.created_at
        RETURNING a.*)
     SELECT ${ROW} FROM gone ORDER BY created_at DESC`,
    { tenantId: scope.tenantId, poolId: scope.poolId, changeId },
  );
  return rows.some((row) => row.changeId === changeId) ? rows : [];
}

/** Deletes up to `limit` changes that nobody can confirm or object to any more; gives how many. */
export async function sweepAddressChanges(knex: Knex, limit: number): Promise<number> {
  const { rowCount } = await knex.raw<{ rowCount: number }>(
    `DELETE FROM address_changes WHERE (tenant_id, change_id) IN (
       SELECT tenant_id, change_id FROM address_changes WHERE expires_at <= now() LIMIT ? FOR UPDATE SKIP LOCKED)`,
    [limit],
  );
  return rowCount;
}
