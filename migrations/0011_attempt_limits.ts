import type { Knex } from 'knex';

/** What a tenant allows instead of the default, for each kind of guess. A kind without a row has the default. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE attempt_limits (
      tenant_id      text NOT NULL REFERENCES tenants ON DELETE CASCADE,
      protected_type text NOT NULL,
      -- 0: such guesses are not limited by account.
      max_attempts   integer NOT NULL CHECK (max_attempts >= 0),
      block_s        integer NOT NULL CHECK (block_s >= 0),
      updated_at     timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, protected_type)
    );
  `);
}
