import type { Knex } from 'knex';

/** What applications are told of sessions that ended: written where the session ends, sent by a worker. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE logout_notices (
      tenant_id    text NOT NULL,
      workspace_id text NOT NULL,
      notice_id    uuid NOT NULL DEFAULT gen_random_uuid(),
      client_id    text NOT NULL,
      -- The person may be gone by the time the application hears of it.
      account_id   text NOT NULL,
      -- The name of the session at this application, as its ID tokens say it.
      sid          text,
      attempts     integer NOT NULL DEFAULT 0,
      -- While an attempt is under way, the end of its lease.
      next_attempt_at timestamptz NOT NULL DEFAULT now(),
      last_error   text,
      created_at   timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, workspace_id, notice_id),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE
    );
    -- The worker's, over all tenants: what is due next.
    CREATE INDEX logout_notices_due ON logout_notices (next_attempt_at);
  `);
}
