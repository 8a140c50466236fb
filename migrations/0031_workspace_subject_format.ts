import type { Knex } from 'knex';

/** Kept for programs of other makers, which read it back; it decides nothing (contract 8, row 20). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`ALTER TABLE workspaces ADD COLUMN subject_format text NOT NULL DEFAULT 'hash'`);
}
