import type { Knex } from 'knex';

/** Which parts of a first start are done: a start that was killed half-way goes on where it stopped. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE installation_steps (
      step    text PRIMARY KEY,
      done_at timestamptz NOT NULL DEFAULT now()
    )
  `);
}
