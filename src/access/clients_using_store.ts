import type { Knex } from 'knex';
import { MAX_DEPENDENTS, refuseDependedOn, type Dependent } from '../dependents.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';

const CODE = 'in_use';

/**
 * Refuses (409, naming them) while clients of a workspace are registered for any of some scopes, or for an
 * audience. The caller holds the workspace against new clients.
 */
export async function refuseWhereUsed(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  { scopes = [], audience }: { readonly scopes?: readonly string[]; readonly audience?: string },
): Promise<void> {
  const clients = await clientsWith(
    tx,
    scope,
    'c.scopes && :scopes::text[] OR c.audience && :audiences::text[]',
    {
      scopes,
      audiences: audience === undefined ? [] : [audience],
    },
  );
  refuseDependedOn(clients, 'Change first what is registered for it', CODE);
}

/** The same while clients get their tokens by any of some grant types. */
export async function refuseWhereGranted(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  grantTypes: readonly string[],
): Promise<void> {
  if (grantTypes.length === 0) return;
  const clients = await clientsWith(tx, scope, 'c.grant_types && :grantTypes::text[]', { grantTypes });
  refuseDependedOn(clients, `Change first what uses ${grantTypes.join(', ')}`, CODE);
}

/** The same while services ask about their tokens by a client. */
export async function refuseWhereAsking(
  tx: Knex.Transaction,
  { tenantId, clientId }: { readonly tenantId: string; readonly clientId: string },
): Promise<void> {
  const { rows } = await tx.raw<{ rows: Dependent[] }>(
    `SELECT 'service' AS kind, a.api_id AS id, a.name, a.workspace_id AS "workspaceId" FROM apis a
      WHERE a.tenant_id = ? AND a.client_id = ? ORDER BY a.api_id LIMIT ${MAX_DEPENDENTS}`,
    [tenantId, clientId],
  );
  refuseDependedOn(rows, 'Give another client first to what asks about its tokens by this one', CODE);
}

async function clientsWith(
  tx: Knex.Transaction,
  { tenantId, workspaceId }: WorkspaceScope,
  condition: string,
  lists: Readonly<Record<string, readonly string[]>>,
): Promise<Dependent[]> {
  const { rows } = await tx.raw<{ rows: Dependent[] }>(
    `SELECT 'client' AS kind, c.client_id AS id, c.client_name AS name, c.workspace_id AS "workspaceId"
       FROM clients c WHERE c.tenant_id = :tenantId AND c.workspace_id = :workspaceId AND (${condition})
      ORDER BY c.client_id LIMIT ${MAX_DEPENDENTS}`,
    { tenantId, workspaceId, ...lists } as Knex.ValueDict,
  );
  return rows;
}
