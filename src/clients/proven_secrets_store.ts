import type { Knex } from 'knex';
import { withClient } from '../db/connection.ts';
import type { StatementPart } from '../security/attempts_store.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';

/** A client that is away for longer proves itself anew. Written again after a day of use at the earliest. */
const KEPT = `interval '30 days'`;
const WORTH_WRITING = `interval '29 days'`;

/** Whether a secret was right before, from where it comes now. */
export async function isProvenSecret(
  knex: Knex,
  { tenantId, workspaceId }: WorkspaceScope,
  proof: string,
): Promise<boolean> {
  const { rowCount } = await withClient(knex, (client) =>
    client.query({
      name: 'proven-secret-find',
      text: `SELECT FROM proven_secrets
              WHERE tenant_id = $1 AND workspace_id = $2 AND proof = $3 AND expires_at > now()`,
      values: [tenantId, workspaceId, proof],
    }),
  );
  return rowCount === 1;
}

/** Remembers that a secret was right. `settled` is what else is written by then; its parameters begin at the fourth. */
export async function rememberProvenSecret(
  knex: Knex,
  { tenantId, workspaceId }: WorkspaceScope,
  proof: string,
  settled: StatementPart,
): Promise<void> {
  await withClient(knex, (client) =>
    client.query({
      name: 'proven-secret-remember',
      text: `
        WITH ${settled.sql}
        INSERT INTO proven_secrets AS p (tenant_id, workspace_id, proof, expires_at)
        SELECT w.tenant_id, w.workspace_id, $3, now() + ${KEPT} FROM workspaces w
         WHERE w.tenant_id = $1 AND w.workspace_id = $2
        ON CONFLICT (tenant_id, workspace_id, proof) DO UPDATE SET expires_at = excluded.expires_at
         WHERE p.expires_at < now() + ${WORTH_WRITING}`,
      values: [tenantId, workspaceId, proof, ...settled.values],
    }),
  );
}
