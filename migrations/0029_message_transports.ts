import type { Knex } from 'knex';

/** The ways by which a tenant's mails and texts leave, where they are the tenant's own. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE message_transports (
      tenant_id     text NOT NULL REFERENCES tenants ON DELETE CASCADE,
      transport_id  text NOT NULL,
      channel       text NOT NULL CHECK (channel IN ('email', 'sms')),
      enabled       boolean NOT NULL,
      provider      text NOT NULL CHECK (provider IN ('embedded', 'smtp', 'twilio', 'webhook')),
      -- Host, sender and the like, by provider; nothing secret.
      settings      jsonb NOT NULL,
      sealed_secret text,
      row_version   integer NOT NULL DEFAULT 1,
      created_at    timestamptz NOT NULL DEFAULT now(),
      updated_at    timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, transport_id),
      CHECK ((provider = 'embedded') = (sealed_secret IS NULL))
    );
    -- By which a message leaves must never be a matter of chance.
    CREATE UNIQUE INDEX message_transports_one_enabled ON message_transports (tenant_id, channel) WHERE enabled;
  `);
}
