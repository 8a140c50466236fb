import type { Knex } from 'knex';
import { CODES_WITHOUT_TOKEN } from '../../tenants/tenant.ts';

/**
 * Whether codes may be used in a workspace without a token, and whether the people of a pool may be in it. One
 * statement; a tenant, workspace or pool that is not there allows nothing.
 */
export async function readPublicUse(
  executor: Knex,
  scope: { readonly tenantId: string; readonly workspaceId: string; readonly poolId: string },
): Promise<{ readonly allowed: boolean; readonly connected: boolean }> {
  const { rows } = await executor.raw<{ rows: { allowed: boolean; connected: boolean }[] }>(
    `SELECT t.settings #> :setting = 'true'::jsonb AS allowed,
            EXISTS (SELECT FROM connections c
                      JOIN pools p ON p.tenant_id = c.tenant_id AND p.pool_id = c.pool_id AND p.deleted_at IS NULL
                     WHERE c.tenant_id = t.tenant_id AND c.workspace_id = :workspaceId AND c.pool_id = :poolId
                       AND NOT c.disabled) AS connected
       FROM tenants t WHERE t.tenant_id = :tenantId`,
    { ...scope, setting: `{${CODES_WITHOUT_TOKEN.join(',')}}` },
  );
  return { allowed: rows[0]?.allowed === true, connected: rows[0]?.connected === true };
}
