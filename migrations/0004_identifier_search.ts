import type { Knex } from 'knex';

/**
 * Finds identifiers without regard to case, whatever the pool's case rule: a name may not be one person's
 * identifier and another's verified address. The operator class serves equality and searches by beginning.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE INDEX identifiers_by_folded_name ON identifiers (tenant_id, pool_id, identifier_lc text_pattern_ops);
  `);
}
