import type { Knex } from 'knex';
import { keyset, type Page } from '../db/keyset.ts';
import type { Channel, MessageStatus, Template } from './message.ts';

/** What an administrator may know of a message: never what it said. */
export type ListedMessage = {
  readonly id: string;
  readonly template: Template;
  readonly channel: Channel;
  readonly recipient: string;
  readonly purpose: string | null;
  readonly status: MessageStatus;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly deliveredBy: string | null;
  readonly createdAt: Date;
  readonly nextAttemptAt: Date;
  readonly endedAt: Date | null;
  readonly expiresAt: Date | null;
};

type UserScope = { readonly tenantId: string; readonly poolId: string; readonly userId: string };

/** A page of a person's messages, newest first unless asked otherwise. Undefined: there is no such person. */
export async function listMessages(
  executor: Knex,
  scope: UserScope,
  page: Page,
): Promise<ListedMessage[] | undefined> {
  const cursor = page.after ?? page.before;
  const { where, bindings, orderBy, arrange } = keyset(
    ['o.created_at', 'o.message_id'],
    { ...page, order: page.order ?? 'desc' },
    page.after === undefined ? { before: cursorOf(cursor) } : { after: cursorOf(cursor) },
  );
  // The cursor's row tells its own time, so that no client has to send one.
  const condition = where.replace(
    '(?, ?)',
    '(SELECT c.created_at, c.message_id FROM outbox c WHERE c.tenant_id = ? AND c.message_id = ?)',
  );
  const { rows } = await executor.raw<{ rows: (ListedMessage | { readonly id: null })[] }>(
    `SELECT m.* FROM users u
       LEFT JOIN LATERAL (
         SELECT o.message_id AS id, o.template, o.channel, o.recipient, o.purpose, o.status, o.attempts,
                o.last_error AS "lastError", o.delivered_by AS "deliveredBy", o.created_at AS "createdAt",
                o.next_attempt_at AS "nextAttemptAt", o.ended_at AS "endedAt", o.expires_at AS "expiresAt"
           FROM outbox o
          WHERE o.tenant_id = u.tenant_id AND o.pool_id = u.pool_id AND o.user_id = u.user_id AND ${condition}
          ORDER BY ${orderBy} LIMIT ?) m ON true
      WHERE u.tenant_id = ? AND u.pool_id = ? AND u.user_id = ?`,
    [
      ...(bindings.length === 0 ? [] : [scope.tenantId, cursor as string]),
      page.limit,
      scope.tenantId,
      scope.poolId,
      scope.userId,
    ],
  );
  if (rows.length === 0) return undefined;
  return arrange(rows.filter((row): row is ListedMessage => row.id !== null));
}

/** Two bindings, as the key has two columns; what they are is filled in above. */
const cursorOf = (id: string | undefined): readonly string[] | undefined =>
  id === undefined ? undefined : ['', id];
