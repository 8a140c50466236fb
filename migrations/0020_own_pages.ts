import type { Knex } from 'knex';

/** Pages of one's own for signing in and for consent, and what is agreed with them about one pending request. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE workspaces
      ADD COLUMN custom_login_url   text NOT NULL DEFAULT '',
      ADD COLUMN custom_consent_url text NOT NULL DEFAULT '';

    -- One pending interaction, handed to a page outside. Names and states that travel are kept as hashes; the
    -- interaction's own name is sealed, because the way back leads below it.
    CREATE TABLE page_handshakes (
      tenant_id    text NOT NULL,
      id_hash      bytea NOT NULL,
      workspace_id text NOT NULL,
      kind         text NOT NULL CHECK (kind IN ('login', 'consent')),
      state_hash   bytea NOT NULL,
      interaction_hash   bytea NOT NULL,
      interaction_sealed text NOT NULL,
      -- What the page may know of the request.
      request      jsonb NOT NULL,
      answer       jsonb,
      answered_at  timestamptz,
      -- Of what the answer gave back: only the browser that brings it goes on.
      verifier_hash bytea,
      created_at   timestamptz NOT NULL DEFAULT now(),
      expires_at   timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, id_hash),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE
    );
    -- A page that is opened anew takes the place of the earlier one.
    CREATE UNIQUE INDEX page_handshakes_by_interaction
      ON page_handshakes (tenant_id, workspace_id, interaction_hash);
    CREATE INDEX page_handshakes_expiry ON page_handshakes (expires_at);
  `);
}
