import type { Knex } from 'knex';
import { keyset, type Page } from '../db/keyset.ts';
import type { StoredAuditEvent } from './audit_store.ts';

type WorkspaceScope = { readonly tenantId: string; readonly workspaceId: string };

/** Which key of an event's metadata a filter compares. Each has an index, by `0016_audit_listing`. */
const KEYS = {
  userId: 'user_id',
  userPoolId: 'user_pool_id',
  affectedUserId: 'affected_user_id',
  affectedUserPoolId: 'affected_user_pool_id',
  clientId: 'client_id',
  connectionId: 'idp_id',
  groupId: 'group_id',
  sessionId: 'session_id',
  authorizationCorrelationId: 'authorization_correlation_id',
  ip: 'ip',
} as const;

/** Conditions that an event meets all of (contract 3.3). Of subjects and actions, one of those given. */
export type AuditFilter = { readonly [K in keyof typeof KEYS]?: string | undefined } & {
  /** Only what happened through a connection. */
  readonly isConnected?: boolean | undefined;
  readonly subjects?: readonly string[] | undefined;
  readonly actions?: readonly string[] | undefined;
  /** From this moment on, as the caller wrote it. */
  readonly from?: string | undefined;
  /** Up to this moment, its millisecond included. */
  readonly to?: string | undefined;
};

/** What a list begins with: whether the workspace is there, and when the cursor's event happened. */
export type AuditListStart = { readonly workspace: boolean; readonly cursorTime: string | null };

export async function readAuditListStart(
  executor: Knex,
  scope: WorkspaceScope,
  cursor: string | undefined,
): Promise<AuditListStart> {
  const { rows } = await executor.raw<{ rows: AuditListStart[] }>(
    `SELECT EXISTS (SELECT FROM workspaces WHERE tenant_id = :tenantId AND workspace_id = :workspaceId) AS workspace,
            (SELECT CAST(occurred_at AS text) FROM audit_events
              WHERE tenant_id = :tenantId AND event_id = :cursor) AS "cursorTime"`,
    { ...scope, cursor: cursor ?? '' },
  );
  return rows[0] ?? { workspace: false, cursorTime: null };
}

// Cut to what the wire shows, never rounded up: the moment that an answer names finds its event again.
const COLUMNS = `e.event_id AS id, e.workspace_id AS "workspaceId",
  date_trunc('milliseconds', e.occurred_at) AS "occurredAt",
  e.event_subject AS subject, e.action, e.metadata, e.payload`;
const HERE = `e.tenant_id = :tenantId AND coalesce(e.workspace_id, 'admin') = :workspaceId`;

// One after the other through the index: a workspace has few kinds of event, however many events.
const KINDS = `
  WITH RECURSIVE kinds (event_subject, action) AS (
    (SELECT e.event_subject, e.action FROM audit_events e WHERE ${HERE}
      ORDER BY e.event_subject, e.action LIMIT 1)
    UNION ALL
    SELECT next.event_subject, next.action FROM kinds k CROSS JOIN LATERAL (
      SELECT e.event_subject, e.action FROM audit_events e
       WHERE ${HERE} AND (e.event_subject, e.action) > (k.event_subject, k.action)
       ORDER BY e.event_subject, e.action LIMIT 1) next)`;

/** A page of a workspace's events by time, newest first unless asked otherwise. `cursorTime`: the cursor's. */
export async function listWorkspaceEvents(
  executor: Knex,
  scope: WorkspaceScope,
  filter: AuditFilter,
  page: Page,
  cursorTime: string | null,
): Promise<StoredAuditEvent[]> {
  const cursor = page.after ?? page.before;
  const key = cursor === undefined || cursorTime === null ? undefined : [cursorTime, cursor];
  const beyond = keyset(
    ['e.occurred_at', 'e.event_id'],
    { ...page, order: page.order ?? 'desc' },
    page.after === undefined ? { before: key } : { after: key },
  );
  const { subjects, actions, from, to } = filter;
  const compared = Object.entries(KEYS).filter(([name]) => filter[name as keyof typeof KEYS] !== undefined);
  const conditions = [
    HERE,
    ':beyond',
    ...compared.map(([name, metadataKey]) => `e.metadata ->> '${metadataKey}' = :${name}`),
    ...(filter.isConnected === true ? [`e.metadata ->> 'idp_id' IS NOT NULL`] : []),
    ...(from === undefined ? [] : ['e.occurred_at >= CAST(:from AS timestamptz)']),
    ...(to === undefined ? [] : [`e.occurred_at < CAST(:to AS timestamptz) + interval '1 millisecond'`]),
  ].join(' AND ');
  const kinds = (of: string): string[] => [
    ...(subjects === undefined ? [] : [`${of}.event_subject = ANY(:subjects)`]),
    ...(actions === undefined ? [] : [`${of}.action = ANY(:actions)`]),
  ];
  const select = (also: readonly string[]) =>
    `SELECT ${COLUMNS}, e.occurred_at, e.event_id FROM audit_events e
      WHERE ${[conditions, ...also].join(' AND ')} ORDER BY ${beyond.orderBy} LIMIT :limit`;
  // By kind alone, a page of each kind in question: one that is rare among many others is found at once.
  const byKind = compared.length === 0 && kinds('k').length > 0;
  const sql = byKind
    ? `${KINDS} SELECT e.* FROM kinds k CROSS JOIN LATERAL (
         ${select(['e.event_subject = k.event_subject', 'e.action = k.action'])}) e
        WHERE ${kinds('k').join(' AND ')} ORDER BY ${beyond.orderBy} LIMIT :limit`
    : select(kinds('e'));
  const { rows } = await executor.raw<{ rows: (StoredAuditEvent & Internal)[] }>(sql, {
    ...scope,
    ...Object.fromEntries(compared.map(([name]) => [name, filter[name as keyof typeof KEYS] ?? ''])),
    beyond: executor.raw(beyond.where, [...beyond.bindings]),
    subjects: [...(subjects ?? [])],
    actions: [...(actions ?? [])],
    from: from ?? '',
    to: to ?? '',
    limit: page.limit,
  });
  return beyond.arrange(rows.map(({ occurred_at: _at, event_id: _id, ...event }) => event));
}

/** What the statement sorts by. */
type Internal = { readonly occurred_at?: unknown; readonly event_id?: unknown };
