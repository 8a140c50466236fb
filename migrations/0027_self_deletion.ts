import type { Knex } from 'knex';

/** Whether the people of a pool may delete their accounts themselves. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE pools ADD COLUMN self_deletion_allowed boolean NOT NULL DEFAULT false');
}
