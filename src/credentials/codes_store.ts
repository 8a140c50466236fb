import type { Knex } from 'knex';
import type { FreeMap } from '../free_map.ts';
import type { OtpType, PoolScope } from '../pools/pool.ts';
import type { UserScope } from '../users/user.ts';

/** A code as it is stored: nothing in it can be presented (rule 4). */
export type StoredCode = {
  readonly codeId: string;
  readonly userId: string;
  readonly type: OtpType;
  readonly flow: string;
  readonly addressKey: string | null;
  readonly shortHash: string;
  readonly extendedHash: Buffer;
  readonly metadata: FreeMap;
};

const ROW = `code_id AS "codeId", user_id AS "userId", type, flow, address_key AS "addressKey",
  short_hash AS "shortHash", extended_hash AS "extendedHash", metadata`;

/**
 * Writes a code in the place of the one in its slot, for a person who exists. Gives when it ends by the database's
 * clock, or undefined when nothing was written.
 */
export async function upsertCode(
  tx: Knex.Transaction,
  scope: UserScope,
  code: Omit<StoredCode, 'userId'> & { readonly slot: string },
  ttlSeconds: number,
): Promise<Date | undefined> {
  const { rows } = await tx.raw<{ rows: { expiresAt: Date }[] }>(
    `INSERT INTO codes (tenant_id, pool_id, code_id, user_id, type, slot, flow, address_key, short_hash,
                        extended_hash, metadata, expires_at)
     SELECT u.tenant_id, u.pool_id, :codeId, u.user_id, :type, :slot, :flow, :addressKey, :shortHash,
            :extendedHash, :metadata, now() + make_interval(secs => :ttlSeconds)
       FROM users u WHERE u.tenant_id = :tenantId AND u.pool_id = :poolId AND u.user_id = :userId
     ON CONFLICT (tenant_id, user_id, type, slot) DO UPDATE SET
       code_id = excluded.code_id, flow = excluded.flow, address_key = excluded.address_key,
       short_hash = excluded.short_hash, extended_hash = excluded.extended_hash, wrong_tries = 0,
       metadata = excluded.metadata, created_at = now(), expires_at = excluded.expires_at
     RETURNING expires_at AS "expiresAt"`,
    {
      ...scope,
      ...code,
      addressKey: code.addressKey as string,
      metadata: JSON.stringify(code.metadata),
      ttlSeconds,
    },
  );
  return rows[0]?.expiresAt;
}

/** The living code of this id and type. */
export async function findCodeById(
  executor: Knex,
  scope: PoolScope,
  { codeId, maxTries }: { readonly codeId: string; readonly maxTries: number },
): Promise<StoredCode | undefined> {
  const { rows } = await executor.raw<{ rows: StoredCode[] }>(
    `SELECT ${ROW} FROM codes WHERE tenant_id = :tenantId AND pool_id = :poolId AND code_id = :codeId
        AND expires_at > now() AND wrong_tries < :maxTries`,
    { tenantId: scope.tenantId, poolId: scope.poolId, codeId, maxTries },
  );
  return rows[0];
}

/**
 * Counts a try at the living code of a person, type and slot, and gives the code; undefined when there is none or
 * its tries are used up. Committed before the try is evaluated: no transaction is passed here.
 */
export async function countCodeTry(
  knex: Knex,
  scope: UserScope,
  { type, slot, maxTries }: { readonly type: OtpType; readonly slot: string; readonly maxTries: number },
): Promise<StoredCode | undefined> {
  if (knex.isTransaction) throw new Error('A try at a code is counted outside of transactions');
  const { rows } = await knex.raw<{ rows: StoredCode[] }>(
    `UPDATE codes SET wrong_tries = wrong_tries + 1
      WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId AND type = :type AND slot = :slot
        AND expires_at > now() AND wrong_tries < :maxTries
  RETURNING ${ROW}`,
    { ...scope, type, slot, maxTries },
  );
  return rows[0];
}

/** One try less at this very code: it was right, and not used after all. */
export async function uncountCodeTry(executor: Knex, scope: UserScope, codeId: string): Promise<void> {
  await executor.raw(
    `UPDATE codes SET wrong_tries = wrong_tries - 1
      WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId AND code_id = :codeId
        AND wrong_tries > 0`,
    { ...scope, codeId },
  );
}

/** Uses a living code up. False for all but the first of several at the same moment (rule 1). */
export async function deleteLivingCode(
  tx: Knex.Transaction,
  scope: UserScope,
  { codeId, type, flow }: Pick<StoredCode, 'codeId' | 'type' | 'flow'>,
): Promise<boolean> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `DELETE FROM codes WHERE tenant_id = :tenantId AND pool_id = :poolId AND code_id = :codeId
        AND user_id = :userId AND type = :type AND flow = :flow AND expires_at > now()`,
    { ...scope, codeId, type, flow },
  );
  return rowCount === 1;
}

/** Ends the open codes of a person, or of everybody in a pool. */
export async function deleteCodesOf(
  tx: Knex.Transaction,
  scope:
    | { readonly tenantId: string; readonly userId: string }
    | (PoolScope & { readonly userIds?: readonly string[] }),
): Promise<void> {
  const who = 'userId' in scope ? { user_id: scope.userId } : { pool_id: scope.poolId };
  const codes = tx('codes').where({ tenant_id: scope.tenantId, ...who });
  const some = 'userId' in scope ? undefined : scope.userIds;
  await (some === undefined ? codes : codes.whereIn('user_id', some)).del();
}

/** Deletes up to `limit` expired codes; gives how many. Safe on several processes at once. */
export async function deleteExpiredCodes(knex: Knex, limit: number): Promise<number> {
  const { rowCount } = await knex.raw<{ rowCount: number }>(
    `DELETE FROM codes WHERE (tenant_id, code_id) IN (
       SELECT tenant_id, code_id FROM codes WHERE expires_at <= now() LIMIT ? FOR UPDATE SKIP LOCKED)`,
    [limit],
  );
  return rowCount;
}
