import { setTimeout as sleep } from 'node:timers/promises';
import { createSealer } from '../../src/security/seal.ts';
import { valuesPlace, type MessageValues } from '../../src/messages/message.ts';
import type { TestServer } from './server.ts';

export type MailboxMessage = {
  readonly id: string;
  readonly tenantId: string;
  readonly poolId: string;
  readonly userId: string | null;
  readonly workspaceId: string | null;
  readonly template: string;
  readonly channel: 'email' | 'sms';
  readonly to: string;
  readonly locale: string | null;
  readonly purpose: string | null;
  readonly expiresAt: Date | null;
  readonly code?: string;
  readonly link?: string;
  readonly address?: string;
};

type Server = Pick<TestServer, 'db' | 'config'>;

/**
 * Everything that people were told, oldest first: read from the outbox itself, so that no test waits for the
 * worker. Code and link are there as long as no real transport has taken the message.
 */
export async function messagesTo(server: Server, to: string): Promise<MailboxMessage[]> {
  const sealer = createSealer(server.config.masterKeys);
  const rows = await server.db
    .knex('outbox')
    .where({ recipient: to })
    .orderBy(['created_at', 'message_id'])
    .select<(MailboxMessage & { sealed: string | null })[]>({
      id: 'message_id',
      tenantId: 'tenant_id',
      poolId: 'pool_id',
      userId: 'user_id',
      workspaceId: 'workspace_id',
      template: 'template',
      channel: 'channel',
      to: 'recipient',
      locale: 'locale',
      purpose: 'purpose',
      expiresAt: 'expires_at',
      sealed: 'sealed_values',
    });
  return rows.map(({ sealed, ...message }) => {
    if (sealed === null) return message;
    const values = JSON.parse(sealer.open(sealed, valuesPlace(message, message.id))) as MessageValues;
    return { ...message, ...(values as Pick<MailboxMessage, 'code' | 'link' | 'address'>) };
  });
}

/** The newest message to an address; rejects when there is none. */
export async function latestMessage(server: Server, to: string): Promise<MailboxMessage> {
  const message = (await messagesTo(server, to)).at(-1);
  if (message === undefined) throw new Error(`nothing was sent to ${to}`);
  return message;
}

/** How many messages there are, to whomever. */
export async function messageCount(server: Server): Promise<number> {
  const [row] = await server.db.knex('outbox').count({ count: '*' });
  return Number(row?.['count'] ?? 0);
}

/** Waits until `found` gives something; rejects after `timeoutMs`. */
export async function eventually<T>(found: () => Promise<T | undefined>, timeoutMs = 10_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await found();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error('it never came');
    await sleep(20);
  }
}
