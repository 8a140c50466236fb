import type { Knex } from 'knex';

/**
 * One index where several said the same, because everybody who is written pays for each of them. What belongs to a
 * person is keyed by the person: reading it, removing it and the foreign key's own look-up go by the primary key.
 * Names are compared byte by byte, so that what keeps them unique also finds them by how they begin.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE credentials DROP CONSTRAINT credentials_pkey;
    DROP INDEX credentials_by_user, credentials_one_webauthn, credentials_one_each;
    ALTER TABLE credentials
      ADD CONSTRAINT credentials_one_each PRIMARY KEY (tenant_id, pool_id, user_id, type);

    ALTER TABLE identifiers DROP CONSTRAINT identifiers_pkey;
    DROP INDEX identifiers_by_user;
    ALTER TABLE identifiers
      ADD CONSTRAINT identifiers_pkey PRIMARY KEY (tenant_id, pool_id, user_id, identifier_id);

    ALTER TABLE verifiable_addresses DROP CONSTRAINT verifiable_addresses_pkey;
    ALTER TABLE verifiable_addresses
      ADD CONSTRAINT verifiable_addresses_of_user PRIMARY KEY USING INDEX verifiable_addresses_of_user;
    DROP INDEX verifiable_addresses_by_name, verifiable_addresses_verified;
    CREATE UNIQUE INDEX verifiable_addresses_verified
        ON verifiable_addresses (tenant_id, pool_id, lookup_key text_pattern_ops) WHERE verified;
  `);
}
