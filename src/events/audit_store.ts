import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { auditMetadata, type Actor, type AuditEvent } from './audit.ts';

/** Writes one event into the caller's transaction, so that a change and its record exist together or not at all. */
export async function recordAudit(
  tx: Knex.Transaction,
  scope: { readonly tenantId: string },
  by: Actor,
  event: AuditEvent,
): Promise<void> {
  await tx('audit_events').insert({
    tenant_id: scope.tenantId,
    event_id: randomUUID(),
    workspace_id: event.workspaceId ?? null,
    event_subject: event.subject,
    action: event.action,
    metadata: JSON.stringify(auditMetadata(event, by)),
    payload: JSON.stringify({ [`${event.subject}_${event.action}`]: event.payload ?? {} }),
  });
}

export type StoredAuditEvent = {
  readonly id: string;
  readonly workspaceId: string | null;
  readonly occurredAt: Date;
  readonly subject: string;
  readonly action: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly payload: Readonly<Record<string, unknown>>;
};

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
