import type { Knex } from 'knex';

// What events are searched by, of their metadata; see src/events/audit_list_store.ts.
const SEARCHED = [
  'user_id',
  'user_pool_id',
  'affected_user_id',
  'affected_user_pool_id',
  'client_id',
  'idp_id',
  'group_id',
  'session_id',
  'authorization_correlation_id',
  'ip',
] as const;

/**
 * Lists of events cost the same for each filter and on every page. An event that names no workspace is the
 * administration's, so it is listed with the `admin` workspace. A key that an event lacks costs it no entry.
 */
export async function up(knex: Knex): Promise<void> {
  const where = `tenant_id, (coalesce(workspace_id, 'admin'))`;
  await knex.raw(`
    DROP INDEX audit_events_by_time;
    CREATE INDEX audit_events_by_workspace ON audit_events (${where}, occurred_at, event_id);
    CREATE INDEX audit_events_by_kind ON audit_events (${where}, event_subject, action, occurred_at, event_id);
    -- For the removal of old ones, over all tenants.
    CREATE INDEX audit_events_age ON audit_events (occurred_at);
  `);
  for (const key of SEARCHED) {
    await knex.raw(`
      CREATE INDEX audit_events_by_${key} ON audit_events (${where}, (metadata ->> '${key}'), occurred_at, event_id)
        WHERE (metadata ->> '${key}') IS NOT NULL;
    `);
  }
}
