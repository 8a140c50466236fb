import type { Knex } from 'knex';

/** What the tokens of an API are signed with. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE apis ADD COLUMN token_signing_alg text NOT NULL DEFAULT 'ES256'
      CHECK (token_signing_alg IN ('RS256', 'ES256', 'PS256', 'EdDSA'));
  `);
}
