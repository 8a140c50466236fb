import type { Knex } from 'knex';

/** When keys changed hands, and the schedule by which they do so by themselves. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE signing_keys
      ADD COLUMN promoted_at timestamptz,
      ADD COLUMN rotated_at  timestamptz,
      ADD COLUMN revoked_at  timestamptz,
      -- Set when a key is rotated or revoked: nothing that it signed is alive after this.
      ADD COLUMN retire_after timestamptz;
    -- Of each algorithm, one signs and one waits its turn.
    CREATE UNIQUE INDEX signing_keys_one_current ON signing_keys (tenant_id, workspace_id, use, alg)
      WHERE status = 'current';
    CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (tenant_id, workspace_id, use, alg)
      WHERE status = 'next';
    CREATE INDEX signing_keys_retiring ON signing_keys (retire_after) WHERE retire_after IS NOT NULL;

    -- Raised by every change of the keys; the ETag of their list.
    ALTER TABLE workspaces ADD COLUMN keys_version bigint NOT NULL DEFAULT 1;

    CREATE TABLE key_rotations (
      tenant_id     text NOT NULL,
      workspace_id  text NOT NULL,
      use           text NOT NULL DEFAULT 'sig' CHECK (use IN ('sig', 'enc')),
      enabled       boolean NOT NULL,
      cron          text NOT NULL,
      starting_from timestamptz,
      -- The next time; null while it is switched off.
      scheduled_at  timestamptz,
      row_version   bigint NOT NULL DEFAULT 1,
      created_at    timestamptz NOT NULL DEFAULT now(),
      updated_at    timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, workspace_id, use),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE
    );
    CREATE INDEX key_rotations_due ON key_rotations (scheduled_at) WHERE enabled;
  `);
}
