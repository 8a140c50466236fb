import type { Knex } from 'knex';

/** Schemas of a tenant's own. The two that every tenant has from the start are part of the program. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE schemas (
      tenant_id   text NOT NULL REFERENCES tenants ON DELETE CASCADE,
      schema_id   text NOT NULL,
      name        text NOT NULL,
      name_lc     text NOT NULL,
      description text NOT NULL DEFAULT '',
      -- As it was written: the order of properties is the order of a form's fields, which jsonb would lose.
      document    json NOT NULL,
      -- Never changed or deleted.
      system      boolean NOT NULL DEFAULT false,
      -- Another one with every change, and never the same again: what compiled validators are kept by.
      revision    uuid NOT NULL,
      row_version bigint NOT NULL DEFAULT 1,
      created_at  timestamptz NOT NULL DEFAULT now(),
      updated_at  timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, schema_id)
    );
    CREATE UNIQUE INDEX schemas_name_unique ON schemas (tenant_id, name_lc);

    -- Who still follows a schema that is to be deleted. The schemas that are never deleted need no index.
    CREATE INDEX users_by_payload_schema ON users (tenant_id, payload_schema_id)
      WHERE payload_schema_id <> 'user_v0';
    CREATE INDEX users_by_metadata_schema ON users (tenant_id, metadata_schema_id)
      WHERE metadata_schema_id <> 'metadata_v0';
    CREATE INDEX users_by_business_metadata_schema ON users (tenant_id, business_metadata_schema_id)
      WHERE business_metadata_schema_id <> 'metadata_v0';
  `);
}
