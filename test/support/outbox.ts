import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { inTransaction } from '../../src/db/transaction.ts';
import { enqueueMessage } from '../../src/messages/enqueue.ts';
import type { MessageScope, NewMessage } from '../../src/messages/message.ts';
import { createSealer } from '../../src/security/seal.ts';
import { eventually } from './mailbox.ts';
import type { TestServer } from './server.ts';

type Server = Pick<TestServer, 'db' | 'config'>;

/** Where the demo's people are. */
export const DEMO_POOL: MessageScope = { tenantId: 'default', poolId: 'demo-users' };

export const CODE = '482913';
export const LINK = 'https://id.example.test/default/identity/demo-users/set-password?code=Zm9yZ2V0LW1l';

/** The id of the code that a message to this address carries; a UUID made of the address. */
export const codeFor = (to: string): string =>
  createHash('sha256')
    .update(to)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');

/** A message as a service of the domain writes it, with a code of its own. */
export const aMessage = (to: string, over: Partial<NewMessage> = {}): NewMessage => ({
  template: 'reset_credentials_with_link',
  channel: to.includes('@') ? 'email' : 'sms',
  to,
  values: { code: CODE, link: LINK },
  expiresAt: new Date(Date.now() + 30 * 60_000),
  codeId: codeFor(to),
  purpose: 'reset_password',
  ...over,
});

/** Writes messages in one transaction, as the code that has something to tell does. */
export async function enqueue(
  server: Server,
  messages: readonly NewMessage[],
  scope: MessageScope = DEMO_POOL,
): Promise<string[]> {
  const sealer = createSealer(server.config.masterKeys);
  return inTransaction(server.db, async (tx) => {
    const ids: string[] = [];
    for (const message of messages) {
      if (message.codeId !== undefined) await makeCode(tx, message.codeId);
      ids.push((await enqueueMessage(tx, sealer, scope, message)).messageId);
    }
    return ids;
  });
}

/** A living code, of whomever: without it nobody would need the message any more. */
async function makeCode(tx: Knex.Transaction, codeId: string): Promise<void> {
  await tx.raw(
    `INSERT INTO codes (tenant_id, pool_id, code_id, user_id, type, slot, short_hash, extended_hash, expires_at)
     SELECT tenant_id, pool_id, :codeId, user_id, 'verify_address', :codeId, 'none', '', now() + interval '1 hour'
       FROM users WHERE tenant_id = :tenantId AND pool_id = :poolId ORDER BY created_at LIMIT 1
     ON CONFLICT DO NOTHING`,
    { codeId, tenantId: DEMO_POOL.tenantId, poolId: DEMO_POOL.poolId },
  );
}

export type OutboxRow = {
  readonly message_id: string;
  readonly status: string;
  readonly attempts: number;
  readonly last_error: string | null;
  readonly sealed_values: string | null;
  readonly delivered_by: string | null;
  readonly next_attempt_at: Date;
  readonly lease: string | null;
};

export const rowOf = async (server: Server, id: string): Promise<OutboxRow> =>
  server.db.knex<OutboxRow>('outbox').where({ message_id: id }).first() as Promise<OutboxRow>;

/** The row, once something is true of it. */
export const rowWhen = (server: Server, id: string, is: (row: OutboxRow) => boolean): Promise<OutboxRow> =>
  eventually(async () => {
    const row = await rowOf(server, id);
    return is(row) ? row : undefined;
  });

/** The wait before the next attempt is over. */
export const letTimePass = (server: Server, id: string): Promise<number> =>
  server.db.knex('outbox').where({ message_id: id, lease: null }).update({ next_attempt_at: new Date() });

/** What the audit trail says about the messages of a tenant, oldest first: action and payload. */
export async function otpEvents(
  server: Server,
  codeId: string,
): Promise<{ action: string; payload: object }[]> {
  const rows = await server.db
    .knex('audit_events')
    .where({ tenant_id: 'default', event_subject: 'otp' })
    .orderBy('occurred_at')
    .select<{ action: string; payload: Record<string, { otp_id?: string }> }[]>('action', 'payload');
  return rows.flatMap(({ action, payload }) => {
    const [said] = Object.values(payload);
    return said?.otp_id === codeId ? [{ action, payload: said }] : [];
  });
}
