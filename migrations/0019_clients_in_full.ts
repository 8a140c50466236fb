import type { Knex } from 'knex';

/** Secrets that work beside a client's new one, and what a workspace decides about subjects, scopes and sessions. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE rotated_client_secrets (
      tenant_id  text NOT NULL,
      client_id  text NOT NULL,
      -- Ascends: the newest was in use last.
      rotation   bigint NOT NULL,
      secret_hash   text,
      secret_sealed text,
      rotated_at timestamptz NOT NULL DEFAULT now(),
      -- Null: until somebody revokes it.
      revoke_at  timestamptz,
      PRIMARY KEY (tenant_id, client_id, rotation),
      FOREIGN KEY (tenant_id, client_id) REFERENCES clients ON DELETE CASCADE
    );

    ALTER TABLE workspaces
      ADD COLUMN subject_identifier_types text[] NOT NULL DEFAULT '{public}',
      -- What pairwise subjects are made with: kept for good, or every application would lose its people.
      ADD COLUMN pairwise_salt text NOT NULL DEFAULT gen_random_uuid()::text || gen_random_uuid()::text,
      ADD COLUMN scope_claim_formats text[] NOT NULL DEFAULT '{scope_space_separated}',
      ADD COLUMN sso jsonb NOT NULL DEFAULT '{"enabled": true}';

    -- Nobody has read it yet; signed tokens are what there always were.
    ALTER TABLE workspaces ALTER COLUMN access_token_strategy SET DEFAULT 'jwt';
    UPDATE workspaces SET access_token_strategy = 'jwt';
  `);
}
