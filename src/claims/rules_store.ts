import type { Knex } from 'knex';
import { withClient } from '../db/connection.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';
import type { ClaimRule } from './claim.ts';
import { DEFAULT_CONTEXT_ATTRIBUTES, DEFAULT_MAPPINGS } from './defaults.ts';
import type { Attribute, Mapping } from './mapping.ts';
import type { ClaimRules } from './told.ts';

/** SQL of a workspace's claims as one document. Takes SQL expressions that name the tenant and the workspace. */
export function claimsDocument(tenantId: string, workspaceId: string): string {
  return `coalesce((SELECT json_agg(json_build_object(
      'id', k.claim_id, 'name', k.name, 'type', k.type, 'sourcePath', k.source_path, 'scopes', k.scopes,
      'opaque', k.opaque) ORDER BY k.name)
    FROM claims k WHERE k.tenant_id = ${tenantId} AND k.workspace_id = ${workspaceId}), '[]')`;
}

/** Mappings as stored, earlier ones included, which had no modes; the defaults where there are none. */
export function knownMappings(
  stored: readonly (Omit<Mapping, 'mode'> & Partial<Mapping>)[],
): readonly Mapping[] {
  if (stored.length === 0) return DEFAULT_MAPPINGS;
  return stored.map((mapping) => ({ ...mapping, mode: mapping.mode ?? 'dynamic' }));
}

/** The declared attributes; the predefined ones where there are none. */
export const knownContextAttributes = (stored: readonly Attribute[]): readonly Attribute[] =>
  stored.length === 0 ? DEFAULT_CONTEXT_ATTRIBUTES : stored;

/** The rules by which the people of a pool are spoken of in a workspace, and the connection they come through. */
export async function findClaimRules(
  executor: Knex,
  scope: WorkspaceScope & { readonly poolId: string },
): Promise<(ClaimRules & { readonly connectionId: string }) | undefined> {
  return withClient(executor, async (client) => {
    const { rows } = await client.query<{
      connectionId: string;
      claims: ClaimRule[];
      contextAttributes: Attribute[];
      mappings: Mapping[];
    }>({
      name: 'claim-rules-of-pool',
      text: `SELECT c.connection_id AS "connectionId", c.mappings, w.context_attributes AS "contextAttributes",
                    ${claimsDocument('w.tenant_id', 'w.workspace_id')} AS claims
               FROM workspaces w JOIN connections c USING (tenant_id, workspace_id)
               JOIN pools p ON p.tenant_id = c.tenant_id AND p.pool_id = c.pool_id AND p.deleted_at IS NULL
              WHERE w.tenant_id = $1 AND w.workspace_id = $2 AND c.pool_id = $3 AND NOT c.disabled`,
      values: [scope.tenantId, scope.workspaceId, scope.poolId],
    });
    const row = rows[0];
    return (
      row && {
        ...row,
        mappings: knownMappings(row.mappings),
        contextAttributes: knownContextAttributes(row.contextAttributes),
      }
    );
  });
}
