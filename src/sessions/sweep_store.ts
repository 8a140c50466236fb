import type { Knex } from 'knex';

/**
 * What has expired stays readable for a while: the library tells "expired" from "unknown", and a used refresh
 * token must be recognised as such. In seconds.
 */
const GRACE_SECONDS = 10 * 60;

/** Tables with expiring rows, and by what a row is found again. */
const TABLES = [
  ['flow_state', 'tenant_id, workspace_id, model, id_hash'],
  ['tokens', 'tenant_id, workspace_id, id_hash'],
  ['replays', 'tenant_id, workspace_id, id_hash'],
  ['sessions', 'tenant_id, workspace_id, id_hash'],
  ['grants', 'tenant_id, workspace_id, grant_id'],
  ['page_handshakes', 'tenant_id, id_hash'],
  ['proven_secrets', 'tenant_id, workspace_id, proof'],
] as const;

/**
 * Deletes expired artefacts, at most `limit` of each table, in one short statement a table. Safe on several
 * processes at once (`SKIP LOCKED`) and to be killed anywhere. Gives how many rows are gone.
 */
export async function sweepArtefacts(knex: Knex, limit: number): Promise<number> {
  let gone = 0;
  for (const [table, key] of TABLES) {
    const { rowCount } = await knex.raw<{ rowCount: number }>(
      `DELETE FROM ${table} WHERE (${key}) IN (
         SELECT ${key} FROM ${table} WHERE expires_at < now() - make_interval(secs => ?)
          LIMIT ? FOR UPDATE SKIP LOCKED)`,
      [GRACE_SECONDS, limit],
    );
    gone += rowCount;
  }
  return gone;
}
