import type { Knex } from 'knex';

/**
 * Search in a pool of a million people. Names are found by how they begin and by how they end, documents by what
 * they contain. Every key of the document indexes carries the tenant and the pool in its path, so that a look-up
 * meets the rows of one pool only: GIN has no leading column without an extension.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE INDEX identifiers_by_ending
        ON identifiers (tenant_id, pool_id, reverse(identifier_lc) text_pattern_ops);
    CREATE INDEX verifiable_addresses_by_name
        ON verifiable_addresses (tenant_id, pool_id, address_lc text_pattern_ops) WHERE verified;
    CREATE INDEX verifiable_addresses_by_ending
        ON verifiable_addresses (tenant_id, pool_id, reverse(address_lc) text_pattern_ops) WHERE verified;

    CREATE INDEX users_by_payload
        ON users USING gin (jsonb_set('{}', ARRAY[tenant_id || '/' || pool_id], payload) jsonb_path_ops)
     WHERE payload <> '{}';
    CREATE INDEX users_by_metadata
        ON users USING gin (jsonb_set('{}', ARRAY[tenant_id || '/' || pool_id], metadata) jsonb_path_ops)
     WHERE metadata <> '{}';

    -- Reading or removing a person looks for all they prove themselves by; other indexes know some kinds only.
    CREATE INDEX credentials_by_user ON credentials (tenant_id, pool_id, user_id);
  `);
}
