import type { Knex } from 'knex';

/**
 * What oidc-provider keeps, split by life and need. Keys are SHA-256 of the values that travel on the wire:
 * nothing in these tables can be presented as a credential. Payloads are text, read once and never queried.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Updated in place: no index on what a touch changes (payload, last_seen_at, expires_at), so touches stay HOT.
    CREATE TABLE sessions (
      tenant_id     text NOT NULL,
      workspace_id  text NOT NULL,
      id_hash       bytea NOT NULL,
      uid           text NOT NULL,
      account_id    text,
      pool_id       text,
      connection_id text,
      payload       text NOT NULL,
      ip            text,
      user_agent    text,
      created_at    timestamptz NOT NULL DEFAULT now(),
      last_seen_at  timestamptz NOT NULL DEFAULT now(),
      expires_at    timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, workspace_id, id_hash),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE
    ) WITH (fillfactor = 75);
    CREATE UNIQUE INDEX sessions_by_uid ON sessions (tenant_id, workspace_id, uid);
    CREATE INDEX sessions_by_account ON sessions (tenant_id, account_id) WHERE account_id IS NOT NULL;

    -- A revoked grant stays as its own tombstone until nothing issued under it can be alive.
    CREATE TABLE grants (
      tenant_id    text NOT NULL,
      workspace_id text NOT NULL,
      grant_id     text NOT NULL,
      account_id   text,
      client_id    text,
      connection_id text,
      payload      text,
      revoked_at   timestamptz,
      created_at   timestamptz NOT NULL DEFAULT now(),
      expires_at   timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, workspace_id, grant_id),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE
    ) WITH (fillfactor = 85);
    CREATE INDEX grants_by_account ON grants (tenant_id, account_id, client_id) WHERE account_id IS NOT NULL;
    CREATE INDEX grants_expiry ON grants (expires_at);

    -- Refresh tokens, opaque access tokens, client credentials tokens.
    CREATE TABLE tokens (
      tenant_id    text NOT NULL,
      workspace_id text NOT NULL,
      id_hash      bytea NOT NULL,
      model        text NOT NULL,
      grant_id     text,
      session_uid  text,
      account_id   text,
      client_id    text,
      payload      text NOT NULL,
      -- Seconds in which a repeated use gets a successor instead (refresh tokens of public clients).
      leeway_s     integer NOT NULL DEFAULT 0,
      consumed_at  timestamptz,
      created_at   timestamptz NOT NULL DEFAULT now(),
      expires_at   timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, workspace_id, id_hash),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE
    );
    CREATE INDEX tokens_by_grant ON tokens (tenant_id, workspace_id, grant_id) WHERE grant_id IS NOT NULL;
    CREATE INDEX tokens_by_account ON tokens (tenant_id, account_id) WHERE account_id IS NOT NULL;
    CREATE INDEX tokens_expiry ON tokens (expires_at);

    -- Seconds to minutes: interactions, authorization codes, PAR objects, device codes.
    CREATE TABLE flow_state (
      tenant_id    text NOT NULL,
      workspace_id text NOT NULL,
      model        text NOT NULL,
      id_hash      bytea NOT NULL,
      uid          text,
      user_code_hash bytea,
      grant_id     text,
      session_uid  text,
      account_id   text,
      client_id    text,
      payload      text NOT NULL,
      consumed_at  timestamptz,
      created_at   timestamptz NOT NULL DEFAULT now(),
      expires_at   timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, workspace_id, model, id_hash),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE
    ) WITH (fillfactor = 75);
    CREATE INDEX flow_state_by_grant ON flow_state (tenant_id, workspace_id, grant_id) WHERE grant_id IS NOT NULL;
    CREATE INDEX flow_state_by_account ON flow_state (tenant_id, account_id) WHERE account_id IS NOT NULL;
    CREATE INDEX flow_state_by_user_code ON flow_state (tenant_id, workspace_id, user_code_hash)
      WHERE user_code_hash IS NOT NULL;
    CREATE INDEX flow_state_expiry ON flow_state (expires_at);

    -- Insert-only and logged: a replayed assertion or proof must stay refused after a crash.
    CREATE TABLE replays (
      tenant_id    text NOT NULL,
      workspace_id text NOT NULL,
      id_hash      bytea NOT NULL,
      expires_at   timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, workspace_id, id_hash),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE
    );
    CREATE INDEX replays_expiry ON replays (expires_at);
  `);
}
