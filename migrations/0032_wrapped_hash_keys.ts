import type { Knex } from 'knex';

/**
 * What master keys that are gone have hashed with: a hash cannot be made anew, so its key outlives its master key,
 * sealed under the newest one. Of the installation, as the master keys are.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE wrapped_hash_keys (
      kid        text NOT NULL,
      purpose    text NOT NULL,
      key_sealed text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (kid, purpose)
    );
  `);
}
