import type { Knex } from 'knex';
import type { UserScope } from '../users/user.ts';

export type TrustedDevice = {
  readonly id: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly createdAt: Date;
};

const keyOf = ({ tenantId, poolId, userId }: UserScope) => ({
  tenant_id: tenantId,
  pool_id: poolId,
  user_id: userId,
});

export type NewDevice = {
  readonly deviceId: string;
  readonly tokenHash: Buffer;
  readonly ip: string;
  readonly userAgent: string;
  readonly ttlSeconds: number;
};

/** Adds a device. The person's expired ones go, and the oldest beyond `most`. */
export async function insertDevice(
  tx: Knex.Transaction,
  scope: UserScope,
  device: NewDevice,
  most: number,
): Promise<void> {
  await tx.raw(
    `WITH gone AS (
       DELETE FROM trusted_devices d USING (
         SELECT device_id, expires_at <= now() OR row_number() OVER (ORDER BY created_at DESC) >= :most AS over
           FROM trusted_devices
          WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId) o
        WHERE d.tenant_id = :tenantId AND d.pool_id = :poolId AND d.user_id = :userId
          AND d.device_id = o.device_id AND o.over)
     INSERT INTO trusted_devices (tenant_id, pool_id, user_id, device_id, token_hash, ip, user_agent, expires_at)
     VALUES (:tenantId, :poolId, :userId, :deviceId, :tokenHash, :ip, :userAgent,
             now() + make_interval(secs => :ttlSeconds))`,
    {
      tenantId: scope.tenantId,
      poolId: scope.poolId,
      userId: scope.userId,
      deviceId: device.deviceId,
      tokenHash: device.tokenHash,
      ip: device.ip,
      userAgent: device.userAgent,
      ttlSeconds: device.ttlSeconds,
      most,
    },
  );
}

/** Whether the person has this device, by its id, and trusts it still. */
export async function findTokenHash(
  executor: Knex,
  scope: UserScope,
  deviceId: string,
): Promise<Buffer | undefined> {
  const row = await executor('trusted_devices')
    .where({ ...keyOf(scope), device_id: deviceId })
    .andWhere('expires_at', '>', executor.fn.now())
    .first<{ token_hash: Buffer } | undefined>('token_hash');
  return row?.token_hash;
}

export async function listDevices(executor: Knex, scope: UserScope): Promise<TrustedDevice[]> {
  return executor('trusted_devices')
    .where(keyOf(scope))
    .andWhere('expires_at', '>', executor.fn.now())
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'device_id', order: 'asc' },
    ])
    .select({ id: 'device_id', ip: 'ip', userAgent: 'user_agent', createdAt: 'created_at' });
}

/** False for a device that the person does not have. */
export async function deleteDevice(
  tx: Knex.Transaction,
  scope: UserScope,
  deviceId: string,
): Promise<boolean> {
  return (
    (await tx('trusted_devices')
      .where({ ...keyOf(scope), device_id: deviceId })
      .del()) > 0
  );
}

/** Removes expired rows, at most `limit`, that no other process holds. Gives how many. */
export async function sweepDevices(executor: Knex, limit: number): Promise<number> {
  const { rowCount } = await executor.raw<{ rowCount: number }>(
    `DELETE FROM trusted_devices d USING (
       SELECT tenant_id, pool_id, user_id, device_id FROM trusted_devices WHERE expires_at <= now()
        LIMIT ? FOR UPDATE SKIP LOCKED) e
      WHERE (d.tenant_id, d.pool_id, d.user_id, d.device_id) = (e.tenant_id, e.pool_id, e.user_id, e.device_id)`,
    [limit],
  );
  return rowCount;
}
