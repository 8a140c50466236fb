import type { Knex } from 'knex';

/** Streaming imports of people: the jobs, what was wrong with single rows, and the rows that wait. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE imports (
      tenant_id    text NOT NULL,
      -- Ascends with time, so that the newest is found without sorting.
      import_id    text NOT NULL,
      pool_id      text NOT NULL,
      source       text NOT NULL CHECK (source IN ('api', 'command_line')),
      status       text NOT NULL DEFAULT 'receiving'
                   CHECK (status IN ('receiving', 'running', 'completed', 'cancelled', 'interrupted', 'failed')),
      dry_run      boolean NOT NULL DEFAULT false,
      -- Lines of the file that were read; then the last one that was decided about.
      received_lines bigint NOT NULL DEFAULT 0,
      applied_line   bigint NOT NULL DEFAULT 0,
      created_rows   bigint NOT NULL DEFAULT 0,
      skipped_rows   bigint NOT NULL DEFAULT 0,
      failed_rows    bigint NOT NULL DEFAULT 0,
      failure      text,
      -- While rows of it wait in import_rows, or may come.
      staged       boolean NOT NULL DEFAULT true,
      -- Whoever works on it renews this; afterwards any process may carry on.
      lease_until  timestamptz NOT NULL,
      started_at   timestamptz NOT NULL DEFAULT now(),
      updated_at   timestamptz NOT NULL DEFAULT now(),
      finished_at  timestamptz,
      PRIMARY KEY (tenant_id, import_id),
      FOREIGN KEY (tenant_id, pool_id) REFERENCES pools ON DELETE CASCADE
    );
    CREATE INDEX imports_by_pool ON imports (tenant_id, pool_id, import_id);
    CREATE INDEX imports_staged ON imports (tenant_id, import_id) WHERE staged;

    CREATE TABLE import_errors (
      tenant_id text NOT NULL,
      import_id text NOT NULL,
      line      bigint NOT NULL,
      -- A row may have several things wrong.
      position  smallint NOT NULL,
      pointer   text NOT NULL,
      code      text NOT NULL,
      message   text NOT NULL,
      PRIMARY KEY (tenant_id, import_id, line, position),
      FOREIGN KEY (tenant_id, import_id) REFERENCES imports ON DELETE CASCADE
    );

    -- Holds hashes and sealed secrets for the minutes of an import. No foreign key: checked a million times for
    -- nothing. Unlogged: a crash of the database empties it, which the counts of the import give away.
    CREATE UNLOGGED TABLE import_rows (
      tenant_id text NOT NULL,
      import_id text NOT NULL,
      line      bigint NOT NULL,
      user_id   text NOT NULL,
      document  jsonb NOT NULL,
      PRIMARY KEY (tenant_id, import_id, line)
    );
    -- The same id twice in one file.
    CREATE INDEX import_rows_by_user ON import_rows (tenant_id, import_id, user_id, line);

    -- A check that writes nobody remembers here what the lines before claim.
    CREATE UNLOGGED TABLE import_names (
      tenant_id text NOT NULL,
      import_id text NOT NULL,
      kind      text NOT NULL,
      key       text NOT NULL,
      line      bigint NOT NULL,
      PRIMARY KEY (tenant_id, import_id, kind, key)
    );
  `);
}
