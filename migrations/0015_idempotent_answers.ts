import type { Knex } from 'knex';

/** First answers to requests with an `X-Idempotency-Key`, for the minute in which they are repeated. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- No foreign key: a row lives for a minute, and a request may be for a tenant that is not there.
    CREATE TABLE idempotent_answers (
      tenant_id  text NOT NULL,
      -- Keyed hash of caller, route and key.
      key_hash   text NOT NULL,
      body_hash  text NOT NULL,
      -- Sealed, because some answers hold secrets that are shown once. Null while the first request is under way.
      answer     text,
      expires_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, key_hash)
    ) WITH (fillfactor = 80);
    CREATE INDEX idempotent_answers_expiry ON idempotent_answers (expires_at);
  `);
}
