import type { Knex } from 'knex';

/** Rules by which tokens say what the authentication context holds, and what that context is declared to hold. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE claims (
      tenant_id    text NOT NULL,
      claim_id     text NOT NULL,
      workspace_id text NOT NULL,
      type         text NOT NULL CHECK (type IN ('id_token', 'access_token')),
      name         text NOT NULL,
      source_type  text NOT NULL DEFAULT 'authnCtx',
      source_path  text NOT NULL,
      -- Any one of them is enough; none: always.
      scopes       text[] NOT NULL DEFAULT '{}',
      opaque       boolean NOT NULL DEFAULT false,
      description  text NOT NULL DEFAULT '',
      row_version  bigint NOT NULL DEFAULT 1,
      created_at   timestamptz NOT NULL DEFAULT now(),
      updated_at   timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, claim_id),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE
    );
    CREATE UNIQUE INDEX claims_one_per_name ON claims (tenant_id, workspace_id, type, name);

    -- It decided nothing so far: everybody got what true means.
    UPDATE connections SET config = jsonb_set(config, '{reloadClaimsAtRefreshToken}', 'true');

    -- Empty: the predefined attributes.
    ALTER TABLE workspaces ADD COLUMN context_attributes jsonb NOT NULL DEFAULT '[]';
  `);
}
