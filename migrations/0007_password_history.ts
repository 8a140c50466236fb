import type { Knex } from 'knex';

/** Earlier passwords of a person, as hashes: as many as the pool's policy asks to differ from, no more. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE password_history (
      tenant_id   text NOT NULL,
      pool_id     text NOT NULL,
      user_id     text NOT NULL,
      -- When another one took its place.
      replaced_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      entry_id    bigint GENERATED ALWAYS AS IDENTITY,
      secret      text NOT NULL,
      PRIMARY KEY (tenant_id, pool_id, user_id, entry_id),
      FOREIGN KEY (tenant_id, pool_id, user_id) REFERENCES users (tenant_id, pool_id, user_id) ON DELETE CASCADE
    )
  `);
}
