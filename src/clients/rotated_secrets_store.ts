import type { Knex } from 'knex';
import type { ClientScope } from './client.ts';
import type { StoredSecret } from './client_secret.ts';
import { MAX_ROTATED_SECRETS } from './rotated_secrets.ts';

const IN_FORCE = '(r.revoke_at IS NULL OR r.revoke_at > now())';

/** SQL of the rotated secrets of the client `c`, newest first, as administrators see them. */
export const ROTATED_NOTES = `coalesce((SELECT json_agg(json_build_object(
    'rotatedAt', r.rotated_at, 'revokeAt', r.revoke_at) ORDER BY r.rotation DESC)
  FROM rotated_client_secrets r
 WHERE r.tenant_id = c.tenant_id AND r.client_id = c.client_id AND ${IN_FORCE}), '[]')`;

/** SQL of the same with what they are compared with. */
export const ROTATED_SECRETS = `coalesce((SELECT json_agg(json_build_object(
    'secretHash', r.secret_hash, 'secretSealed', r.secret_sealed,
    'revokeAtMs', (extract(epoch FROM r.revoke_at) * 1000)::bigint) ORDER BY r.rotation DESC)
  FROM rotated_client_secrets r
 WHERE r.tenant_id = c.tenant_id AND r.client_id = c.client_id AND ${IN_FORCE}), '[]')`;

/**
 * Keeps a secret that another one replaces; the oldest above the limit, and those that are over, go. The client
 * must be held.
 * @param revokeAfterSeconds 0: until somebody revokes it.
 */
export async function keepRotated(
  tx: Knex.Transaction,
  scope: ClientScope,
  secret: StoredSecret,
  revokeAfterSeconds: number,
): Promise<void> {
  const key = [scope.tenantId, scope.clientId];
  await tx.raw(
    `INSERT INTO rotated_client_secrets (tenant_id, client_id, rotation, secret_hash, secret_sealed, revoke_at)
     SELECT ?, ?, coalesce(max(r.rotation), 0) + 1, ?, ?,
            CASE WHEN ?::int > 0 THEN now() + make_interval(secs => ?::int) END
       FROM rotated_client_secrets r WHERE r.tenant_id = ? AND r.client_id = ?`,
    [...key, secret.secretHash, secret.secretSealed, revokeAfterSeconds, revokeAfterSeconds, ...key],
  );
  await tx.raw(
    `DELETE FROM rotated_client_secrets r WHERE r.tenant_id = ? AND r.client_id = ?
        AND (NOT ${IN_FORCE} OR r.rotation NOT IN (
          SELECT n.rotation FROM rotated_client_secrets n WHERE n.tenant_id = ? AND n.client_id = ?
           ORDER BY n.rotation DESC LIMIT ?))`,
    [...key, ...key, MAX_ROTATED_SECRETS],
  );
}

export async function forgetRotated(tx: Knex.Transaction, scope: ClientScope): Promise<void> {
  await tx('rotated_client_secrets').where({ tenant_id: scope.tenantId, client_id: scope.clientId }).del();
}
