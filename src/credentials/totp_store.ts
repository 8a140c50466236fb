import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { UserScope } from '../users/user.ts';

/** What a code is checked against. */
export type StoredTotp = {
  readonly credentialId: string;
  readonly sealed: string;
  readonly lastTimeStep: number | undefined;
  /** The database's clock, seconds since the epoch. */
  readonly now: number;
};

/** One statement; undefined for who has none, and for nobody. */
export async function findTotp(executor: Knex, scope: UserScope): Promise<StoredTotp | undefined> {
  const { rows } = await executor.raw<{
    rows: { credential_id: string; secret: string; last_time_step: string | number | null; now: number }[];
  }>(
    `SELECT credential_id, secret, last_time_step, extract(epoch FROM clock_timestamp())::float8 AS now
       FROM credentials WHERE tenant_id = ? AND pool_id = ? AND user_id = ? AND type = 'totp'`,
    [scope.tenantId, scope.poolId, scope.userId],
  );
  const row = rows[0];
  return (
    row && {
      credentialId: row.credential_id,
      sealed: row.secret,
      lastTimeStep: row.last_time_step === null ? undefined : Number(row.last_time_step),
      now: Math.floor(row.now),
    }
  );
}

/** Gives a person a sealed secret in place of any earlier one. `lastTimeStep` is what counts as used already. */
export async function putSealedTotp(
  tx: Knex.Transaction,
  scope: UserScope,
  sealed: string,
  lastTimeStep: number | undefined,
): Promise<void> {
  await tx.raw(
    `INSERT INTO credentials (tenant_id, pool_id, credential_id, user_id, type, secret, last_time_step)
     VALUES (:tenantId, :poolId, :id, :userId, 'totp', :sealed, :lastTimeStep)
     ON CONFLICT (tenant_id, pool_id, user_id, type)
     DO UPDATE SET state = 'valid', secret = excluded.secret, last_time_step = excluded.last_time_step,
                   updated_at = now()`,
    {
      tenantId: scope.tenantId,
      poolId: scope.poolId,
      userId: scope.userId,
      id: randomUUID(),
      sealed,
      lastTimeStep: lastTimeStep ?? null,
    } as unknown as Record<string, string>,
  );
}

/**
 * Uses a time step up, for the secret it was checked against. False when it, or a later one, was used before,
 * or the secret has changed since: of many at once with the same code, one wins (rule 1).
 */
export async function useTimeStep(
  executor: Knex,
  scope: UserScope,
  { credentialId, sealed }: Pick<StoredTotp, 'credentialId' | 'sealed'>,
  timeStep: number,
): Promise<boolean> {
  const used = await executor('credentials')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, user_id: scope.userId })
    .andWhere({ credential_id: credentialId, type: 'totp', secret: sealed })
    .andWhereRaw('(last_time_step IS NULL OR last_time_step < ?)', [timeStep])
    .update({ last_time_step: timeStep });
  return used === 1;
}
