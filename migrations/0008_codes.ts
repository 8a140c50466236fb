import type { Knex } from 'knex';

/** One-time codes of all seven types (contract 1.14, 6.2). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE codes (
      tenant_id     text NOT NULL,
      pool_id       text NOT NULL,
      code_id       uuid NOT NULL,
      user_id       text NOT NULL,
      type          text NOT NULL CHECK (type IN ('activation', 'authentication', 'challenge', 'reset_password',
                                                  'reset_totp', 'enroll_webauthn', 'verify_address')),
      -- What there is one code of: the person, or each address, or each running sign-in.
      slot          text NOT NULL DEFAULT '',
      flow          text NOT NULL DEFAULT '',
      -- The address that it was sent to, in the form that addresses are compared by; null when a caller delivers it.
      address_key   text,
      -- A keyed hash, because six digits are soon tried; the long form has entropy of its own.
      short_hash    text NOT NULL,
      extended_hash bytea NOT NULL,
      wrong_tries   smallint NOT NULL DEFAULT 0,
      metadata      jsonb NOT NULL DEFAULT '{}',
      created_at    timestamptz NOT NULL DEFAULT now(),
      expires_at    timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, code_id),
      FOREIGN KEY (tenant_id, pool_id, user_id) REFERENCES users (tenant_id, pool_id, user_id) ON DELETE CASCADE
    );
    -- A new code takes the place of the old one in the same row. User ids are unique in a tenant.
    CREATE UNIQUE INDEX codes_one_each ON codes (tenant_id, user_id, type, slot);
    CREATE INDEX codes_expiry ON codes (expires_at);
  `);
}
