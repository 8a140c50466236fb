import type { Knex } from 'knex';
import { withClient } from '../db/connection.ts';
import type { AttemptLimit, ProtectedType } from './attempts.ts';

type TenantScope = { readonly tenantId: string };

/** What a tenant has set; a kind that is missing has the default. */
export type ChosenLimits = Readonly<Partial<Record<ProtectedType, AttemptLimit>>>;

/** SQL of a tenant's own limits as one JSON object, for reads that bring them along. `tenantId` is an expression. */
export const chosenLimitsDocument = (tenantId: string): string =>
  `coalesce((SELECT json_object_agg(l.protected_type,
       json_build_object('maxAttempts', l.max_attempts, 'blockSeconds', l.block_s))
     FROM attempt_limits l WHERE l.tenant_id = ${tenantId}), '{}')`;

/** One statement. A tenant that does not exist has set nothing. */
export async function readChosenLimits(executor: Knex, scope: TenantScope): Promise<ChosenLimits> {
  return withClient(executor, async (client) => {
    const { rows } = await client.query<{ limits: ChosenLimits }>({
      name: 'attempt-limits',
      text: `SELECT ${chosenLimitsDocument('$1')} AS limits`,
      values: [scope.tenantId],
    });
    return rows[0]?.limits ?? {};
  });
}

/** Throws the foreign key violation `attempt_limits_tenant_id_fkey` for a tenant that is gone. */
export async function putLimit(
  tx: Knex.Transaction,
  scope: TenantScope,
  kind: ProtectedType,
  { maxAttempts, blockSeconds }: AttemptLimit,
): Promise<void> {
  await tx.raw(
    `INSERT INTO attempt_limits (tenant_id, protected_type, max_attempts, block_s) VALUES (?, ?, ?, ?)
     ON CONFLICT (tenant_id, protected_type) DO UPDATE
        SET max_attempts = excluded.max_attempts, block_s = excluded.block_s, updated_at = now()`,
    [scope.tenantId, kind, maxAttempts, blockSeconds],
  );
}

/** False when there was nothing to take back. */
export async function deleteLimit(
  tx: Knex.Transaction,
  scope: TenantScope,
  kind: ProtectedType,
): Promise<boolean> {
  return (await tx('attempt_limits').where({ tenant_id: scope.tenantId, protected_type: kind }).del()) > 0;
}
