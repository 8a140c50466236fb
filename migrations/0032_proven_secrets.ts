import type { Knex } from 'knex';

/**
 * That a client's secret was right from an address: a process that has just begun takes it from there again, while
 * somebody beside it guesses. Keyed hashes of client, address and secret; a copied row proves nothing.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE proven_secrets (
      tenant_id    text NOT NULL,
      workspace_id text NOT NULL,
      proof        text NOT NULL,
      expires_at   timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, workspace_id, proof),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE
    );
    CREATE INDEX proven_secrets_expiry ON proven_secrets (expires_at);
  `);
}
