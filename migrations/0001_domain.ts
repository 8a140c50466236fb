import type { Knex } from 'knex';

/**
 * The domain in its final scoping: every table leads with `tenant_id` in its primary key and in every index
 * that a query uses, so that a tenant's rows are one contiguous range and a foreign id is simply absent.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE tenants (
      tenant_id   text PRIMARY KEY,
      name        text NOT NULL,
      url         text,
      settings    jsonb NOT NULL DEFAULT '{}',
      styling     jsonb NOT NULL DEFAULT '{}',
      metadata    jsonb NOT NULL DEFAULT '{}',
      row_version bigint NOT NULL DEFAULT 1,
      created_at  timestamptz NOT NULL DEFAULT now(),
      updated_at  timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE workspaces (
      tenant_id    text NOT NULL REFERENCES tenants ON DELETE CASCADE,
      workspace_id text NOT NULL,
      name         text NOT NULL,
      description  text NOT NULL DEFAULT '',
      color        text NOT NULL DEFAULT '',
      logo_uri     text NOT NULL DEFAULT '',
      type         text NOT NULL DEFAULT 'regular'
                   CHECK (type IN ('admin', 'developer', 'system', 'regular', 'organization')),
      profile      text NOT NULL DEFAULT 'default',
      grant_types  text[] NOT NULL,
      authentication_mechanisms text[] NOT NULL,
      authorization_code_ttl_s integer NOT NULL,
      access_token_ttl_s       integer NOT NULL,
      id_token_ttl_s           integer NOT NULL,
      refresh_token_ttl_s      integer NOT NULL,
      par_ttl_s                integer NOT NULL,
      session_ttl_s            integer NOT NULL,
      refresh_token_leeway_s   integer NOT NULL,
      require_pushed_authorization_requests boolean NOT NULL DEFAULT false,
      enforce_pkce                          boolean NOT NULL DEFAULT true,
      enforce_pkce_for_public_clients       boolean NOT NULL DEFAULT true,
      rotate_confidential_refresh_tokens    boolean NOT NULL DEFAULT false,
      access_token_strategy text NOT NULL DEFAULT 'opaque' CHECK (access_token_strategy IN ('jwt', 'opaque')),
      key_type     text NOT NULL DEFAULT 'rsa' CHECK (key_type IN ('rsa', 'ecdsa', 'ps')),
      settings     jsonb NOT NULL DEFAULT '{}',
      styling      jsonb NOT NULL DEFAULT '{}',
      metadata     jsonb NOT NULL DEFAULT '{}',
      -- Raised by every change that this workspace's issuer must notice; the provider cache is keyed by it.
      config_version bigint NOT NULL DEFAULT 1,
      row_version  bigint NOT NULL DEFAULT 1,
      created_at   timestamptz NOT NULL DEFAULT now(),
      updated_at   timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, workspace_id)
    );

    CREATE TABLE pools (
      tenant_id    text NOT NULL REFERENCES tenants ON DELETE CASCADE,
      pool_id      text NOT NULL,
      -- Set: the pool belongs to that workspace and connects to no other. Null: a tenant-level pool.
      workspace_id text,
      name         text NOT NULL,
      name_lc      text NOT NULL,
      description  text NOT NULL DEFAULT '',
      badge_color  text NOT NULL DEFAULT '',
      payload_schema_id           text NOT NULL DEFAULT 'user_v0',
      metadata_schema_id          text NOT NULL DEFAULT 'metadata_v0',
      business_metadata_schema_id text,
      authentication_mechanisms           text[] NOT NULL,
      preferred_authentication_mechanism  text,
      second_factor_authentication_mechanisms text[] NOT NULL DEFAULT '{}',
      second_factor_preferred_authentication_mechanism text,
      second_factor_threshold double precision,
      mfa_session_ttl             text,
      public_registration_allowed boolean NOT NULL DEFAULT false,
      admin_initiated_registration_allowed boolean NOT NULL DEFAULT true,
      identifier_case_insensitive boolean NOT NULL DEFAULT false,
      password_policy            jsonb NOT NULL,
      password_settings          jsonb NOT NULL,
      otp_settings               jsonb NOT NULL,
      reset_credentials_settings jsonb NOT NULL DEFAULT '{}',
      metadata     jsonb NOT NULL DEFAULT '{}',
      labels       jsonb NOT NULL DEFAULT '{}',
      system       boolean NOT NULL DEFAULT false,
      deleted_at   timestamptz,
      row_version  bigint NOT NULL DEFAULT 1,
      created_at   timestamptz NOT NULL DEFAULT now(),
      updated_at   timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, pool_id),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces
    );
    -- A deleted pool frees its name at once, while its rows are still being purged.
    CREATE UNIQUE INDEX pools_name_unique ON pools (tenant_id, coalesce(workspace_id, ''), name_lc)
      WHERE deleted_at IS NULL;
    CREATE INDEX pools_by_workspace ON pools (tenant_id, workspace_id, pool_id);

    -- Sharded so that registrations do not queue behind one row, and apart from the pool's row and ETag.
    CREATE TABLE pool_user_counts (
      tenant_id text NOT NULL,
      pool_id   text NOT NULL,
      shard     smallint NOT NULL,
      standard_users bigint NOT NULL DEFAULT 0,
      jit_users      bigint NOT NULL DEFAULT 0,
      PRIMARY KEY (tenant_id, pool_id, shard),
      FOREIGN KEY (tenant_id, pool_id) REFERENCES pools ON DELETE CASCADE
    );

    -- Every user id a tenant has ever given. Rows stay after deletion: a reused sub would be a takeover.
    CREATE TABLE user_ids (
      tenant_id  text NOT NULL REFERENCES tenants ON DELETE CASCADE,
      user_id    text NOT NULL,
      deleted_at timestamptz,
      PRIMARY KEY (tenant_id, user_id)
    );

    CREATE TABLE users (
      tenant_id text NOT NULL,
      user_id   text NOT NULL,
      pool_id   text NOT NULL,
      status    text NOT NULL CHECK (status IN ('new', 'active', 'inactive', 'deleted')),
      status_updated_at timestamptz NOT NULL DEFAULT now(),
      user_type text NOT NULL DEFAULT 'standard',
      payload           jsonb NOT NULL DEFAULT '{}',
      metadata          jsonb NOT NULL DEFAULT '{}',
      business_metadata jsonb NOT NULL DEFAULT '{}',
      payload_schema_id           text NOT NULL,
      metadata_schema_id          text NOT NULL,
      business_metadata_schema_id text,
      row_version bigint NOT NULL DEFAULT 1,
      created_at  timestamptz NOT NULL DEFAULT now(),
      updated_at  timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, user_id),
      FOREIGN KEY (tenant_id, user_id) REFERENCES user_ids,
      FOREIGN KEY (tenant_id, pool_id) REFERENCES pools
    );
    -- Also the target of foreign keys that prove a row's user lives in the row's pool.
    CREATE UNIQUE INDEX users_by_pool ON users (tenant_id, pool_id, user_id);

    CREATE TABLE identifiers (
      tenant_id     text NOT NULL,
      pool_id       text NOT NULL,
      identifier_id text NOT NULL,
      user_id       text NOT NULL,
      type          text NOT NULL CHECK (type IN ('email', 'mobile', 'uid', 'external', 'federated')),
      identifier    text NOT NULL,
      identifier_lc text NOT NULL,
      -- The canonical form under the pool's case rule; what a typed sign-in name is looked up by.
      lookup_key    text NOT NULL,
      metadata      jsonb NOT NULL DEFAULT '{}',
      created_at    timestamptz NOT NULL DEFAULT now(),
      updated_at    timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, pool_id, identifier_id),
      FOREIGN KEY (tenant_id, pool_id, user_id) REFERENCES users (tenant_id, pool_id, user_id) ON DELETE CASCADE
    );
    CREATE UNIQUE INDEX identifiers_unique ON identifiers (tenant_id, pool_id, lookup_key);
    CREATE INDEX identifiers_by_user ON identifiers (tenant_id, pool_id, user_id);

    CREATE TABLE verifiable_addresses (
      tenant_id  text NOT NULL,
      pool_id    text NOT NULL,
      address_id text NOT NULL,
      user_id    text NOT NULL,
      type       text NOT NULL CHECK (type IN ('email', 'mobile')),
      address    text NOT NULL,
      address_lc text NOT NULL,
      lookup_key text NOT NULL,
      verified   boolean NOT NULL DEFAULT false,
      verified_at timestamptz,
      status     text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
      preferred_contact_method text CHECK (preferred_contact_method IN ('sms', 'voice')),
      metadata   jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, pool_id, address_id),
      FOREIGN KEY (tenant_id, pool_id, user_id) REFERENCES users (tenant_id, pool_id, user_id) ON DELETE CASCADE
    );
    CREATE UNIQUE INDEX verifiable_addresses_of_user ON verifiable_addresses (tenant_id, pool_id, user_id, lookup_key);
    -- A verified address belongs to one user of a pool; unproven duplicates are allowed.
    CREATE UNIQUE INDEX verifiable_addresses_verified ON verifiable_addresses (tenant_id, pool_id, lookup_key)
      WHERE verified;

    CREATE TABLE credentials (
      tenant_id     text NOT NULL,
      pool_id       text NOT NULL,
      credential_id text NOT NULL,
      user_id       text NOT NULL,
      type          text NOT NULL CHECK (type IN ('password', 'totp', 'webauthn')),
      state         text NOT NULL DEFAULT 'valid'
                    CHECK (state IN ('valid', 'must_be_reset', 'must_be_changed')),
      -- password: the hash in its own self-describing form; totp: the sealed secret.
      secret        text NOT NULL,
      expires_at    timestamptz,
      created_at    timestamptz NOT NULL DEFAULT now(),
      updated_at    timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, pool_id, credential_id),
      FOREIGN KEY (tenant_id, pool_id, user_id) REFERENCES users (tenant_id, pool_id, user_id) ON DELETE CASCADE
    );
    CREATE UNIQUE INDEX credentials_one_each ON credentials (tenant_id, pool_id, user_id, type)
      WHERE type IN ('password', 'totp');

    CREATE TABLE groups (
      tenant_id   text NOT NULL,
      pool_id     text NOT NULL,
      group_id    text NOT NULL,
      parent_id   text,
      name        text NOT NULL,
      name_lc     text NOT NULL,
      description text NOT NULL DEFAULT '',
      row_version bigint NOT NULL DEFAULT 1,
      created_at  timestamptz NOT NULL DEFAULT now(),
      updated_at  timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, pool_id, group_id),
      FOREIGN KEY (tenant_id, pool_id) REFERENCES pools,
      FOREIGN KEY (tenant_id, pool_id, parent_id) REFERENCES groups ON DELETE CASCADE
    );
    CREATE UNIQUE INDEX groups_name_unique ON groups (tenant_id, pool_id, coalesce(parent_id, ''), name_lc);

    CREATE TABLE group_members (
      tenant_id text NOT NULL,
      pool_id   text NOT NULL,
      group_id  text NOT NULL,
      user_id   text NOT NULL,
      PRIMARY KEY (tenant_id, pool_id, group_id, user_id),
      FOREIGN KEY (tenant_id, pool_id, group_id) REFERENCES groups ON DELETE CASCADE,
      FOREIGN KEY (tenant_id, pool_id, user_id) REFERENCES users (tenant_id, pool_id, user_id) ON DELETE CASCADE
    );
    CREATE INDEX group_members_by_user ON group_members (tenant_id, pool_id, user_id);

    -- The contract's identity-pool IdP: it lets the people of one pool into one workspace.
    CREATE TABLE connections (
      tenant_id     text NOT NULL,
      workspace_id  text NOT NULL,
      connection_id text NOT NULL,
      pool_id       text NOT NULL,
      name          text NOT NULL,
      disabled      boolean NOT NULL DEFAULT false,
      hidden        boolean NOT NULL DEFAULT false,
      display_order integer NOT NULL DEFAULT 0,
      logo_uri      text NOT NULL DEFAULT '',
      static_amr    text[] NOT NULL DEFAULT '{}',
      config             jsonb NOT NULL DEFAULT '{}',
      discovery_settings jsonb NOT NULL DEFAULT '{}',
      sso_settings       jsonb NOT NULL DEFAULT '{}',
      attributes         jsonb NOT NULL DEFAULT '[]',
      mappings           jsonb NOT NULL DEFAULT '[]',
      row_version   bigint NOT NULL DEFAULT 1,
      created_at    timestamptz NOT NULL DEFAULT now(),
      updated_at    timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, workspace_id, connection_id),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE,
      FOREIGN KEY (tenant_id, pool_id) REFERENCES pools
    );
    CREATE UNIQUE INDEX connections_one_per_pool ON connections (tenant_id, workspace_id, pool_id);
    CREATE INDEX connections_by_pool ON connections (tenant_id, pool_id, workspace_id);

    CREATE TABLE clients (
      tenant_id    text NOT NULL,
      client_id    text NOT NULL,
      workspace_id text NOT NULL,
      client_name  text NOT NULL,
      description  text NOT NULL DEFAULT '',
      client_status text NOT NULL DEFAULT 'active' CHECK (client_status IN ('active', 'inactive')),
      application_type text NOT NULL DEFAULT 'web' CHECK (application_type IN ('web', 'native')),
      token_endpoint_auth_method text NOT NULL,
      -- Keyed hash of the secret; sealed instead only where a protocol needs the clear value.
      secret_hash   text,
      secret_sealed text,
      redirect_uris             text[] NOT NULL DEFAULT '{}',
      post_logout_redirect_uris text[] NOT NULL DEFAULT '{}',
      grant_types    text[] NOT NULL,
      response_types text[] NOT NULL,
      scopes         text[] NOT NULL DEFAULT '{}',
      audience       text[] NOT NULL DEFAULT '{}',
      trusted        boolean NOT NULL DEFAULT false,
      enforce_pkce   boolean NOT NULL DEFAULT true,
      system         boolean NOT NULL DEFAULT false,
      -- Registered metadata without a column of its own (jwks, algorithms, URIs for people, ...).
      settings     jsonb NOT NULL DEFAULT '{}',
      metadata     jsonb NOT NULL DEFAULT '{}',
      row_version  bigint NOT NULL DEFAULT 1,
      created_at   timestamptz NOT NULL DEFAULT now(),
      updated_at   timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, client_id),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE
    );
    CREATE INDEX clients_by_workspace ON clients (tenant_id, workspace_id, client_id);

    CREATE TABLE signing_keys (
      tenant_id    text NOT NULL,
      workspace_id text NOT NULL,
      kid          text NOT NULL,
      use          text NOT NULL DEFAULT 'sig' CHECK (use IN ('sig', 'enc')),
      alg          text NOT NULL,
      status       text NOT NULL DEFAULT 'current' CHECK (status IN ('next', 'current', 'rotated', 'revoked')),
      public_jwk   jsonb NOT NULL,
      private_jwk_sealed text NOT NULL,
      created_at   timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, workspace_id, kid),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE
    );

    -- What a person or a client may administer. Resource id '' = the level itself (the installation, the tenant).
    CREATE TABLE role_grants (
      tenant_id     text NOT NULL REFERENCES tenants ON DELETE CASCADE,
      resource_type text NOT NULL CHECK (resource_type IN ('system', 'tenant', 'workspace', 'identity_pool')),
      resource_id   text NOT NULL DEFAULT '',
      role          text NOT NULL,
      subject_type  text NOT NULL CHECK (subject_type IN ('identity_pool_user', 'client')),
      subject_id    text NOT NULL,
      created_at    timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, subject_type, subject_id, resource_type, resource_id, role)
    );
    CREATE INDEX role_grants_by_resource ON role_grants (tenant_id, resource_type, resource_id, role);

    CREATE TABLE audit_events (
      tenant_id     text NOT NULL REFERENCES tenants ON DELETE CASCADE,
      event_id      text NOT NULL,
      workspace_id  text,
      occurred_at   timestamptz NOT NULL DEFAULT now(),
      event_subject text NOT NULL,
      action        text NOT NULL,
      metadata      jsonb NOT NULL DEFAULT '{}',
      payload       jsonb NOT NULL DEFAULT '{}',
      PRIMARY KEY (tenant_id, event_id)
    );
    CREATE INDEX audit_events_by_time ON audit_events (tenant_id, workspace_id, occurred_at DESC, event_id);
  `);
}
