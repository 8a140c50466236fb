import type { Knex } from 'knex';

/** One counter for all guesses, of every kind, per account and per source address. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Keys are keyed hashes: what strangers typed, a password in the wrong field for one, is not kept.
    -- No foreign key and no further index: every sign-in writes here, and updates stay HOT.
    CREATE TABLE attempts (
      tenant_id     text NOT NULL,
      key           text NOT NULL,
      tries         integer NOT NULL,
      first_at      timestamptz NOT NULL,
      last_at       timestamptz NOT NULL,
      blocked_until timestamptz,
      PRIMARY KEY (tenant_id, key)
    ) WITH (fillfactor = 80);
  `);
}
