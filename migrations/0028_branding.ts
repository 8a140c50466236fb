import type { Knex } from 'knex';

/** How the pages of a workspace and of a pool look, and the words a tenant has put in the place of ours. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE workspaces
      ADD COLUMN branding         jsonb   NOT NULL DEFAULT '{}',
      ADD COLUMN branding_version integer NOT NULL DEFAULT 0,
      -- Apart from what every page needs: read only when a browser asks for the picture.
      ADD COLUMN brand_images     jsonb   NOT NULL DEFAULT '{}';
    ALTER TABLE pools
      ADD COLUMN branding         jsonb   NOT NULL DEFAULT '{}',
      ADD COLUMN branding_version integer NOT NULL DEFAULT 0,
      ADD COLUMN brand_images     jsonb   NOT NULL DEFAULT '{}';

    CREATE TABLE translations (
      tenant_id   text NOT NULL REFERENCES tenants ON DELETE CASCADE,
      locale      text NOT NULL,
      enabled     boolean NOT NULL DEFAULT true,
      -- Sentences by name; what is missing is said in our words.
      content     jsonb NOT NULL,
      row_version integer NOT NULL DEFAULT 1,
      created_at  timestamptz NOT NULL DEFAULT now(),
      updated_at  timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, locale)
    );
  `);
}
