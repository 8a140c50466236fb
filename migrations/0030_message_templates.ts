import type { Knex } from 'knex';

/** Messages in a tenant's own words: text with variables, read when a message is sent. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE message_templates (
      tenant_id   text NOT NULL REFERENCES tenants ON DELETE CASCADE,
      message     text NOT NULL,
      channel     text NOT NULL,
      locale      text NOT NULL,
      -- Empty for text messages.
      subject     text NOT NULL,
      text        text NOT NULL,
      row_version integer NOT NULL DEFAULT 1,
      created_at  timestamptz NOT NULL DEFAULT now(),
      updated_at  timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, message, channel, locale)
    );
  `);
}
