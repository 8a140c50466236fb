import type { Knex } from 'knex';
import type { Renderable } from './deliver.ts';
import type { MessageStatus } from './message.ts';

/** A message with everything its text needs, sealed values included. */
export type MailboxRow = Renderable & {
  readonly poolId: string;
  readonly userId: string | null;
  readonly workspaceId: string | null;
  readonly recipient: string;
  readonly status: MessageStatus;
  readonly createdAt: Date;
};

/** The newest messages of the installation, newest first. Reads the whole table: for development only. */
export async function newestMessages(
  executor: Knex,
  { to, id, limit }: { readonly to?: string; readonly id?: string; readonly limit: number },
): Promise<MailboxRow[]> {
  const { rows } = await executor.raw<{ rows: MailboxRow[] }>(
    `SELECT o.tenant_id AS "tenantId", o.message_id AS "messageId", o.pool_id AS "poolId", o.user_id AS "userId",
            o.workspace_id AS "workspaceId", o.template, o.channel, o.recipient, o.purpose, o.status,
            o.sealed_values AS "sealedValues", o.created_at AS "createdAt",
            extract(epoch FROM o.expires_at - o.created_at)::float8 AS "secondsLeft",
            t.name AS "tenantName", w.name AS "workspaceName",
            ARRAY[o.locale, u.payload ->> 'locale'] AS locales, t.settings -> 'translations' AS languages
       FROM outbox o
       JOIN tenants t ON t.tenant_id = o.tenant_id
       LEFT JOIN workspaces w ON w.tenant_id = o.tenant_id AND w.workspace_id = o.workspace_id
       LEFT JOIN users u ON u.tenant_id = o.tenant_id AND u.user_id = o.user_id
      WHERE (:to::text IS NULL OR o.recipient = :to) AND (:id::text IS NULL OR o.message_id = :id)
      ORDER BY o.created_at DESC, o.message_id DESC LIMIT :limit`,
    { to: to ?? null, id: id ?? null, limit },
  );
  return rows;
}
