import type { Knex } from 'knex';

/** What tokens may be asked for and be for, and the groups that decide who gets them. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE apis (
      tenant_id    text NOT NULL,
      api_id       text NOT NULL,
      workspace_id text NOT NULL,
      name         text NOT NULL,
      description  text NOT NULL DEFAULT '',
      audience     text NOT NULL,
      token_format text NOT NULL DEFAULT 'jwt' CHECK (token_format IN ('jwt', 'opaque')),
      -- Null: as long as the workspace's access tokens.
      access_token_ttl_s integer,
      -- By which the API asks about its tokens.
      client_id    text,
      -- [{"poolId", "groupId"}]: any of them; none: everybody.
      required_groups jsonb NOT NULL DEFAULT '[]',
      row_version  bigint NOT NULL DEFAULT 1,
      created_at   timestamptz NOT NULL DEFAULT now(),
      updated_at   timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, api_id),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE,
      CONSTRAINT apis_client FOREIGN KEY (tenant_id, client_id) REFERENCES clients
    );
    CREATE UNIQUE INDEX apis_audience_unique ON apis (tenant_id, workspace_id, audience);
    CREATE INDEX apis_by_client ON apis (tenant_id, client_id) WHERE client_id IS NOT NULL;

    CREATE TABLE scopes (
      tenant_id    text NOT NULL,
      scope_id     text NOT NULL,
      workspace_id text NOT NULL,
      name         text NOT NULL,
      display_name text NOT NULL DEFAULT '',
      description  text NOT NULL DEFAULT '',
      -- {"de": {"displayName", "description"}}
      translations jsonb NOT NULL DEFAULT '{}',
      -- Null: it goes with tokens for any API, and with those that name none.
      api_id       text,
      required_groups jsonb NOT NULL DEFAULT '[]',
      metadata     jsonb NOT NULL DEFAULT '{}',
      row_version  bigint NOT NULL DEFAULT 1,
      created_at   timestamptz NOT NULL DEFAULT now(),
      updated_at   timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, scope_id),
      FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE,
      CONSTRAINT scopes_api FOREIGN KEY (tenant_id, api_id) REFERENCES apis
    );
    CREATE UNIQUE INDEX scopes_name_unique ON scopes (tenant_id, workspace_id, name);
    CREATE INDEX scopes_by_api ON scopes (tenant_id, api_id) WHERE api_id IS NOT NULL;

    ALTER TABLE clients ADD COLUMN required_groups jsonb NOT NULL DEFAULT '[]';

    -- What a deletion of groups has to look at.
    CREATE INDEX clients_requiring_groups ON clients (tenant_id) WHERE required_groups <> '[]';
    CREATE INDEX scopes_requiring_groups ON scopes (tenant_id) WHERE required_groups <> '[]';
    CREATE INDEX apis_requiring_groups ON apis (tenant_id) WHERE required_groups <> '[]';

    -- Set when something first requires a group of the pool: until then no sign-in looks at memberships for it.
    ALTER TABLE pools ADD COLUMN groups_decide boolean NOT NULL DEFAULT false;
  `);
}
