import type { Knex } from 'knex';

/** Mails and texts: written in the transaction of what they tell about, sent by a worker. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE outbox (
      tenant_id    text NOT NULL,
      message_id   text NOT NULL,
      pool_id      text NOT NULL,
      user_id      text,
      workspace_id text,
      template     text NOT NULL,
      channel      text NOT NULL CHECK (channel IN ('email', 'sms')),
      -- The stored address of the person: the only recipient there is.
      recipient    text NOT NULL,
      -- What shares a fate on the way: the domain of a mail, all texts together.
      destination  text NOT NULL,
      locale       text,
      purpose      text,
      code_id      uuid,
      -- Code and link, sealed. Gone as soon as nobody needs them any more.
      sealed_values text,
      status       text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sent', 'failed', 'expired')),
      delivered_by text,
      attempts     integer NOT NULL DEFAULT 0,
      last_error   text,
      -- Of the attempt that is under way; a later one makes what it wants to write void.
      lease        text,
      next_attempt_at timestamptz NOT NULL DEFAULT now(),
      expires_at   timestamptz,
      -- Of the statement, so that messages of one transaction keep their order.
      created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
      ended_at     timestamptz,
      PRIMARY KEY (tenant_id, message_id),
      FOREIGN KEY (tenant_id, pool_id) REFERENCES pools ON DELETE CASCADE,
      FOREIGN KEY (tenant_id, pool_id, user_id) REFERENCES users (tenant_id, pool_id, user_id) ON DELETE CASCADE,
      CHECK ((status = 'queued') = (ended_at IS NULL)),
      CHECK (sealed_values IS NULL OR status = 'queued' OR delivered_by = 'mailbox')
    );
    CREATE INDEX outbox_of_user ON outbox (tenant_id, pool_id, user_id, created_at DESC, message_id DESC);
    -- The worker's, over all tenants: what is due next, and what has been kept long enough.
    CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE status = 'queued';
    CREATE INDEX outbox_ended ON outbox (ended_at) WHERE ended_at IS NOT NULL;
  `);
}
