import type { Knex } from 'knex';

/** What else proves a person than a password: codes of an app, passkeys, and devices that were proven before. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- totp: the newest time step whose code was accepted; a step counts once (RFC 6238 §5.2).
    ALTER TABLE credentials ADD COLUMN last_time_step bigint;

    -- A person's passkeys hang together in one credential of type webauthn (contract 1.10).
    CREATE UNIQUE INDEX credentials_one_webauthn ON credentials (tenant_id, pool_id, user_id)
      WHERE type = 'webauthn';

    CREATE TABLE passkeys (
      tenant_id   text NOT NULL,
      pool_id     text NOT NULL,
      -- The authenticator's own id of the key, base64url: at most 1023 bytes.
      passkey_id  text NOT NULL,
      user_id     text NOT NULL,
      name        text NOT NULL DEFAULT '',
      -- COSE_Key, base64url. Public.
      public_key  text NOT NULL,
      -- The handle that the authenticator keeps beside the key; null where somebody else ran the ceremony.
      user_handle text,
      transports  text[] NOT NULL DEFAULT '{}',
      sign_count  bigint NOT NULL DEFAULT 0,
      -- Its counter has gone back: there may be two of it (WebAuthn L3 §6.1.1).
      clone_warning   boolean NOT NULL DEFAULT false,
      user_verified   boolean NOT NULL DEFAULT false,
      backup_eligible boolean NOT NULL DEFAULT false,
      backup_state    boolean NOT NULL DEFAULT false,
      aaguid           text NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
      attachment       text NOT NULL DEFAULT '',
      attestation_type text NOT NULL DEFAULT 'none',
      created_at   timestamptz NOT NULL DEFAULT now(),
      last_used_at timestamptz,
      PRIMARY KEY (tenant_id, pool_id, passkey_id),
      FOREIGN KEY (tenant_id, pool_id, user_id) REFERENCES users (tenant_id, pool_id, user_id) ON DELETE CASCADE
    );
    CREATE INDEX passkeys_by_user ON passkeys (tenant_id, pool_id, user_id, created_at);

    -- Asked of an authenticator and not yet answered; the value itself is not kept.
    CREATE TABLE passkey_challenges (
      tenant_id text NOT NULL,
      pool_id   text NOT NULL,
      challenge_hash bytea NOT NULL,
      purpose   text NOT NULL CHECK (purpose IN ('create', 'get')),
      -- Null: a sign-in of whoever the authenticator knows.
      user_id   text,
      -- The running sign-in that it belongs to; empty for the APIs.
      flow      text NOT NULL DEFAULT '',
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, pool_id, challenge_hash),
      FOREIGN KEY (tenant_id, pool_id) REFERENCES pools ON DELETE CASCADE,
      FOREIGN KEY (tenant_id, pool_id, user_id) REFERENCES users (tenant_id, pool_id, user_id) ON DELETE CASCADE
    );
    CREATE INDEX passkey_challenges_by_user ON passkey_challenges (tenant_id, pool_id, user_id);
    CREATE INDEX passkey_challenges_expiry ON passkey_challenges (expires_at);

    -- Browsers in which a second factor need not be proven again (contract 1.3, mfa_session_ttl).
    CREATE TABLE trusted_devices (
      tenant_id  text NOT NULL,
      pool_id    text NOT NULL,
      user_id    text NOT NULL,
      device_id  text NOT NULL,
      token_hash bytea NOT NULL,
      ip         text NOT NULL DEFAULT '',
      user_agent text NOT NULL DEFAULT '',
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, pool_id, user_id, device_id),
      FOREIGN KEY (tenant_id, pool_id, user_id) REFERENCES users (tenant_id, pool_id, user_id) ON DELETE CASCADE
    );
    CREATE INDEX trusted_devices_expiry ON trusted_devices (expires_at);
  `);
}
