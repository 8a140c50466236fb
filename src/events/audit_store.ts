import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { withClient } from '../db/connection.ts';
import { auditMetadata, type Actor, type AuditEvent } from './audit.ts';

type TenantScope = { readonly tenantId: string };

/** A piece for `WITH ...` and its values, to ride in a statement of the caller. */
type StatementPart = { readonly sql: string; readonly values: readonly (string | null)[] };

// What happens to a workspace's own pool belongs to that workspace, whoever did it.
const insertSql = (parameter: (index: number) => string, from: string): string => `
  INSERT INTO audit_events (tenant_id, event_id, workspace_id, event_subject, action, metadata, payload)
  SELECT ${parameter(0)}, ${parameter(1)},
         coalesce(${parameter(2)}::text, (SELECT p.workspace_id FROM pools p
            WHERE p.tenant_id = ${parameter(0)} AND p.pool_id = ${parameter(3)}::text)),
         ${parameter(4)}, ${parameter(5)}, ${parameter(6)}::jsonb, ${parameter(7)}::jsonb${from}`;

const insertValues = (scope: TenantScope, by: Actor, event: AuditEvent): (string | null)[] => [
  scope.tenantId,
  randomUUID(),
  event.workspaceId ?? null,
  event.affected?.poolId ?? null,
  event.subject,
  event.action,
  JSON.stringify(auditMetadata(event, by)),
  JSON.stringify({ [`${event.subject}_${event.action}`]: event.payload ?? {} }),
];

/** Writes one event into the caller's transaction, so that a change and its record exist together or not at all. */
export async function recordAudit(
  tx: Knex.Transaction,
  scope: TenantScope,
  by: Actor,
  event: AuditEvent,
): Promise<void> {
  await withClient(tx, (client) =>
    client.query({
      name: 'audit-record',
      text: insertSql((index) => `$${index + 1}`, ''),
      values: insertValues(scope, by, event),
    }),
  );
}

/**
 * The same as a part of the caller's own statement: one event for each row of the expression `from`.
 * @param firstParameter number of the first placeholder to use; eight are used.
 */
export const auditPart = (
  scope: TenantScope,
  by: Actor,
  event: AuditEvent,
  firstParameter: number,
  from: string,
): StatementPart => ({
  sql: insertSql((index) => `$${firstParameter + index}`, ` FROM ${from}`),
  values: insertValues(scope, by, event),
});

export type StoredAuditEvent = {
  readonly id: string;
  readonly workspaceId: string | null;
  readonly occurredAt: Date;
  readonly subject: string;
  readonly action: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly payload: Readonly<Record<string, unknown>>;
};

/**
 * Removes up to `limit` events that are older than so many days; gives how many. For a job: safe on several
 * processes at once, and to be killed anywhere.
 */
export async function deleteOldEvents(executor: Knex, days: number, limit: number): Promise<number> {
  return withClient(executor, async (client) => {
    const { rowCount } = await client.query({
      name: 'audit-forget',
      text: `
        DELETE FROM audit_events WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM audit_events WHERE occurred_at < now() - make_interval(days => $1::int)
           ORDER BY occurred_at LIMIT $2 FOR UPDATE SKIP LOCKED))`,
      values: [days, limit],
    });
    return rowCount ?? 0;
  });
}

/** The newest events of a tenant, newest first. */
export async function listAuditEvents(
  executor: Knex,
  scope: { readonly tenantId: string },
  limit: number,
): Promise<StoredAuditEvent[]> {
  return executor('audit_events')
    .where({ tenant_id: scope.tenantId })
    .orderBy([
      { column: 'occurred_at', order: 'desc' },
      { column: 'event_id', order: 'desc' },
    ])
    .limit(limit)
    .select({
      id: 'event_id',
      workspaceId: 'workspace_id',
      occurredAt: 'occurred_at',
      subject: 'event_subject',
      action: 'action',
      metadata: 'metadata',
      payload: 'payload',
    });
}
