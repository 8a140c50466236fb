import type { Knex } from 'knex';

/** Addresses that people mean to be written to from now on, until the new one is confirmed and the old one content. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE address_changes (
      tenant_id     text NOT NULL,
      pool_id       text NOT NULL,
      user_id       text NOT NULL,
      change_id     uuid NOT NULL,
      new_key       text NOT NULL,
      -- The row of the address was made for this change, and goes with it.
      adds_row      boolean NOT NULL,
      -- The address that goes; null when one is added to those that there are.
      old_key       text,
      -- What was taken away, to be put back by an objection.
      taken         jsonb,
      -- What the person does it with, which stays when the change ends all other access.
      keep          jsonb,
      created_at    timestamptz NOT NULL DEFAULT now(),
      expires_at    timestamptz NOT NULL,
      confirmed_at  timestamptz,
      PRIMARY KEY (tenant_id, change_id),
      FOREIGN KEY (tenant_id, pool_id, user_id) REFERENCES users (tenant_id, pool_id, user_id) ON DELETE CASCADE
    );
    -- One at a time.
    CREATE UNIQUE INDEX address_changes_staged ON address_changes (tenant_id, user_id) WHERE confirmed_at IS NULL;
    CREATE INDEX address_changes_of_user ON address_changes (tenant_id, pool_id, user_id);
    CREATE INDEX address_changes_expiry ON address_changes (expires_at);
  `);
}
