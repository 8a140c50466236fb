import type { Knex } from 'knex';

/** Recovery codes, and whether a workspace looks for a person's pool by the name they type. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- A used code is gone. The hash is keyed and bound to the person: a copied row proves nothing.
    CREATE TABLE recovery_codes (
      tenant_id  text NOT NULL,
      pool_id    text NOT NULL,
      user_id    text NOT NULL,
      code_hash  text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, pool_id, user_id, code_hash),
      FOREIGN KEY (tenant_id, pool_id, user_id) REFERENCES users (tenant_id, pool_id, user_id) ON DELETE CASCADE
    );

    ALTER TABLE workspaces ADD COLUMN idp_discovery boolean NOT NULL DEFAULT false;
  `);
}
