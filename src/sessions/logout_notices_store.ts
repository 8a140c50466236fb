import type { Knex } from 'knex';
import { withClient } from '../db/connection.ts';
import { recordAudit } from '../events/audit_store.ts';
import { SYSTEM_ACTOR } from '../events/audit.ts';

/** That a session has ended, for one application that took part in it and wants to know. */
export type LogoutNotice = {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly noticeId: string;
  readonly clientId: string;
  /** Of its address, with the port; empty where it has none any more. */
  readonly host: string;
  readonly accountId: string;
  readonly sid: string | null;
  readonly attempts: number;
  readonly ageSeconds: number;
};

/** What of `logout_notices` a deleted session must return: `DELETE FROM sessions ... RETURNING ${ENDED_SESSION}`. */
export const ENDED_SESSION = 'tenant_id, workspace_id, account_id, payload';

// PostgreSQL reads no JSON with NUL or half a surrogate pair, and a session holds what requests say: nobody stays
// signed in by that. Names of clients and sessions have none.
const READABLE = String.raw`regexp_replace(e.payload, '\\u(0000|d[89a-f][0-9a-f]{2})', '\\ufffd', 'gi')`;

/**
 * SQL that leaves a notice for every application of sessions that end in the same statement, so that no path ends
 * one in silence. `ended` names the expression that deleted them.
 */
export const noticesOf = (ended: string): string => `
  INSERT INTO logout_notices (tenant_id, workspace_id, client_id, account_id, sid)
  SELECT e.tenant_id, e.workspace_id, c.client_id, e.account_id, a.value ->> 'sid'
    FROM ${ended} e
   CROSS JOIN LATERAL jsonb_each(${READABLE}::jsonb -> 'authorizations') a
    JOIN clients c ON c.tenant_id = e.tenant_id AND c.workspace_id = e.workspace_id AND c.client_id = a.key
     AND c.client_status = 'active' AND c.settings ->> 'backchannel_logout_uri' <> ''
   WHERE e.account_id IS NOT NULL`;

/** Longer than an attempt may take; the wait before the notices of a process that died are taken over. */
const LEASE_SECONDS = 30;
/** Looked at in one claim: enough to find other applications behind the backlog of one. */
const LOOKED_AT = 500;

/**
 * What a process can send now: `total` notices, so many `each` for one application and for the host that several of
 * a tenant's may share, less what it is sending already; none of tenants that have their fill.
 */
export type NoticeRoom = {
  readonly total: number;
  readonly each: { readonly application: number; readonly host: number };
  readonly busy: Readonly<Record<string, number>>;
  readonly fullTenants: readonly string[];
};

/** The application and the host of a notice, as `NoticeRoom` counts them. */
export const receiversOf = ({
  tenantId,
  clientId,
  host,
}: Pick<LogoutNotice, 'tenantId' | 'clientId' | 'host'>): readonly [string, string] => [
  `${tenantId}/${clientId}`,
  `${tenantId}//${host}`,
];

/**
 * Takes notices that are due, oldest first, and counts the attempt. No two processes get the same one; a process
 * that dies loses them to the next when the lease ends.
 */
export async function claimNotices(
  knex: Knex,
  { total, each, busy, fullTenants }: NoticeRoom,
): Promise<LogoutNotice[]> {
  return withClient(knex, async (client) => {
    const { rows } = await client.query<LogoutNotice>({
      name: 'logout-notices-claim',
      text: `
        WITH due AS MATERIALIZED (
          SELECT n.tenant_id, n.workspace_id, n.notice_id, n.next_attempt_at, h.host,
                 coalesce(($1::jsonb ->> (n.tenant_id || '/' || n.client_id))::int, 0) AS busy_application,
                 coalesce(($1::jsonb ->> (n.tenant_id || '//' || h.host))::int, 0) AS busy_host, n.client_id
            FROM logout_notices n LEFT JOIN clients c USING (tenant_id, workspace_id, client_id)
           CROSS JOIN LATERAL (SELECT coalesce(
                   substring(c.settings ->> 'backchannel_logout_uri' FROM '^[a-z]+://([^/?#]+)'), '') AS host) h
           WHERE n.next_attempt_at <= now() AND n.tenant_id <> ALL ($5::text[])
             AND coalesce(($1::jsonb ->> (n.tenant_id || '/' || n.client_id))::int, 0) < $2
             AND coalesce(($1::jsonb ->> (n.tenant_id || '//' || h.host))::int, 0) < $3
           ORDER BY n.next_attempt_at LIMIT ${LOOKED_AT}),
        of_application AS (
          SELECT *, row_number() OVER (PARTITION BY tenant_id, client_id ORDER BY next_attempt_at) AS place
            FROM due),
        of_host AS (
          SELECT *, row_number() OVER (PARTITION BY tenant_id, host ORDER BY next_attempt_at) AS place_at_host
            FROM of_application WHERE place <= $2 - busy_application),
        picked AS (
          SELECT n.tenant_id, n.workspace_id, n.notice_id, p.host
            FROM logout_notices n JOIN of_host p USING (tenant_id, workspace_id, notice_id)
           WHERE p.place_at_host <= $3 - p.busy_host AND n.next_attempt_at <= now()
           ORDER BY p.next_attempt_at LIMIT $4 FOR UPDATE OF n SKIP LOCKED)
        UPDATE logout_notices n
           SET attempts = n.attempts + 1, next_attempt_at = now() + interval '${LEASE_SECONDS} seconds'
          FROM picked p
         WHERE n.tenant_id = p.tenant_id AND n.workspace_id = p.workspace_id AND n.notice_id = p.notice_id
        RETURNING n.tenant_id AS "tenantId", n.workspace_id AS "workspaceId", n.notice_id AS "noticeId",
                  n.client_id AS "clientId", p.host, n.account_id AS "accountId", n.sid, n.attempts,
                  extract(epoch FROM now() - n.created_at)::float8 AS "ageSeconds"`,
      values: [JSON.stringify(busy), each.application, each.host, total, fullTenants],
    });
    return rows;
  });
}

/** The application knows, or there is none to tell any more. */
export async function endNotice(knex: Knex, notice: LogoutNotice): Promise<void> {
  await knex('logout_notices').where(ofClaim(notice)).del();
}

/** Gives a notice back for a later attempt. Nothing, when another process has it by now. */
export async function postponeNotice(
  knex: Knex,
  notice: LogoutNotice,
  { seconds, error }: { readonly seconds: number; readonly error: string },
): Promise<void> {
  await knex('logout_notices')
    .where(ofClaim(notice))
    .update({ last_error: error, next_attempt_at: knex.raw('now() + make_interval(secs => ?)', [seconds]) });
}

/** Gives a notice up: what remains is an event that names the application, the person and what went wrong. */
export async function giveNoticeUp(tx: Knex.Transaction, notice: LogoutNotice, error: string): Promise<void> {
  const { tenantId, workspaceId, clientId, accountId, attempts } = notice;
  if ((await tx('logout_notices').where(ofClaim(notice)).del()) === 0) return;
  await recordAudit(tx, { tenantId }, SYSTEM_ACTOR, {
    subject: 'client',
    action: 'logout_failed',
    workspaceId,
    affected: { clientId, userId: accountId },
    payload: { client_id: clientId, user_id: accountId, attempts, failure_reason: error },
  });
}

// `attempts` tells this claim from a later one.
const ofClaim = ({ tenantId, workspaceId, noticeId, attempts }: LogoutNotice) => ({
  tenant_id: tenantId,
  workspace_id: workspaceId,
  notice_id: noticeId,
  attempts,
});
