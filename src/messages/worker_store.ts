import type { Knex } from 'knex';
import type { LanguageChoices } from '../i18n/offered_languages.ts';
import type { Room } from './destinations.ts';
import type { Channel, Template } from './message.ts';
import type { OwnTransport } from './transports/ways.ts';

/** A message that this process alone may send until its lease runs out, with what its text needs. */
export type ClaimedMessage = {
  readonly tenantId: string;
  readonly messageId: string;
  readonly lease: string;
  readonly poolId: string;
  readonly userId: string | null;
  readonly workspaceId: string | null;
  readonly template: Template;
  readonly channel: Channel;
  readonly recipient: string;
  /** What it shares a fate with: a transport of the tenant's own, else what lies behind the operator's way. */
  readonly destination: string;
  /** Null: it leaves by the operator's way. */
  readonly transport: OwnTransport | null;
  readonly purpose: string | null;
  readonly codeId: string | null;
  readonly sealedValues: string | null;
  readonly attempts: number;
  readonly createdAt: Date;
  /** Seconds since it was written. */
  readonly ageSeconds: number;
  /** Seconds until its code dies; negative when that has happened. Null: it has none. */
  readonly secondsLeft: number | null;
  readonly tenantName: string;
  readonly workspaceName: string | null;
  /** Its code was used, superseded or ended with the person's access. */
  readonly isCodeGone: boolean;
  /** Wishes for a language, most wanted first. */
  readonly locales: readonly (string | null)[];
  /** What the tenant decides about languages; null: nothing. */
  readonly languages: LanguageChoices | null;
  /** Null: the message is nobody's. */
  readonly userStatus: string | null;
};

/**
 * Longer than any attempt may take (45 s), so that no second process begins while the first still tries; the
 * wait before a message is taken over from a process that died.
 */
export const LEASE_SECONDS = 120;
/** Looked at in one claim: enough to find other destinations behind the backlog of one. */
const LOOKED_AT = 500;

/** By whose ways messages leave. */
export type WhoseWay = 'operator' | 'tenant';

/** The transport of its own by which a message leaves, `m` beside `o`; the operator's way is none. */
const OWN_TRANSPORT = `LEFT JOIN message_transports m
  ON m.tenant_id = o.tenant_id AND m.channel = o.channel AND m.enabled AND m.provider <> 'embedded'`;
const DESTINATION = `coalesce('transport ' || m.tenant_id || '/' || m.transport_id, o.destination)`;

/**
 * Takes messages that are due, oldest first, within the room there is. Counts the attempt. Two processes never
 * get the same one (`SKIP LOCKED`); one that dies with its messages loses them to the next when the lease ends.
 */
export async function claimMessages(
  knex: Knex,
  lease: string,
  whose: WhoseWay,
  room: Room,
): Promise<ClaimedMessage[]> {
  const full = Object.entries(room.left).flatMap(([name, left]) => (left === 0 ? [name] : []));
  const { rows } = await knex.raw<{ rows: ClaimedMessage[] }>(
    `WITH due AS MATERIALIZED (
       SELECT o.tenant_id, o.message_id, ${DESTINATION} AS destination, o.next_attempt_at
         FROM outbox o ${OWN_TRANSPORT}
        WHERE o.status = 'queued' AND o.next_attempt_at <= now()
          AND (m.transport_id IS NOT NULL) = :own AND NOT ${DESTINATION} = ANY(:full::text[])
        ORDER BY o.next_attempt_at LIMIT :lookedAt),
     placed AS (
       SELECT tenant_id, message_id, destination,
              row_number() OVER (PARTITION BY destination ORDER BY next_attempt_at) AS place
         FROM due),
     picked AS (
       SELECT o.tenant_id, o.message_id FROM outbox o JOIN placed p USING (tenant_id, message_id)
        WHERE p.place <= coalesce((:left::jsonb ->> p.destination)::int, :each)
          AND o.status = 'queued' AND o.next_attempt_at <= now()
        ORDER BY o.next_attempt_at LIMIT :total FOR UPDATE OF o SKIP LOCKED),
     claimed AS (
       UPDATE outbox o
          SET attempts = o.attempts + 1, lease = :lease, next_attempt_at = now() + make_interval(secs => :seconds)
         FROM picked p WHERE o.tenant_id = p.tenant_id AND o.message_id = p.message_id
       RETURNING o.*)
     SELECT o.tenant_id AS "tenantId", o.message_id AS "messageId", o.lease, o.pool_id AS "poolId",
            o.user_id AS "userId", o.workspace_id AS "workspaceId", o.template, o.channel, o.recipient,
            ${DESTINATION} AS destination, o.purpose, o.code_id AS "codeId", o.sealed_values AS "sealedValues", o.attempts,
            o.created_at AS "createdAt",
            extract(epoch FROM now() - o.created_at)::float8 AS "ageSeconds",
            extract(epoch FROM o.expires_at - now())::float8 AS "secondsLeft",
            t.name AS "tenantName", w.name AS "workspaceName", u.status AS "userStatus",
            o.code_id IS NOT NULL AND k.code_id IS NULL AS "isCodeGone",
            ARRAY[o.locale, u.payload ->> 'locale'] AS locales, t.settings -> 'translations' AS languages,
            CASE WHEN m.transport_id IS NOT NULL THEN json_build_object(
              'tenantId', m.tenant_id, 'transportId', m.transport_id, 'sealedSecret', m.sealed_secret,
              'settings', m.settings || jsonb_build_object('provider', m.provider)) END AS transport
       FROM claimed o
       JOIN tenants t ON t.tenant_id = o.tenant_id
       ${OWN_TRANSPORT}
       LEFT JOIN workspaces w ON w.tenant_id = o.tenant_id AND w.workspace_id = o.workspace_id
       LEFT JOIN users u ON u.tenant_id = o.tenant_id AND u.user_id = o.user_id
       LEFT JOIN codes k ON k.tenant_id = o.tenant_id AND k.code_id = o.code_id
      ORDER BY o.created_at`,
    {
      own: whose === 'tenant',
      full,
      left: JSON.stringify(room.left),
      each: room.each,
      total: room.total,
      lookedAt: LOOKED_AT,
      lease,
      seconds: LEASE_SECONDS,
    },
  );
  return rows;
}

type Claim = Pick<ClaimedMessage, 'tenantId' | 'messageId' | 'lease'>;

export type Ending = {
  readonly status: 'sent' | 'failed' | 'expired';
  readonly deliveredBy?: string;
  readonly error?: string;
  /** Keeps code and link, sealed: the development mailbox is where they are read. */
  readonly keepValues?: boolean;
};

/**
 * Ends a message and erases what it carried. False when somebody else holds it by now: then nothing is written.
 */
export async function endMessage(tx: Knex.Transaction, claim: Claim, ending: Ending): Promise<boolean> {
  const ended = await tx('outbox')
    .where(ofClaim(claim))
    .update({
      status: ending.status,
      delivered_by: ending.deliveredBy ?? null,
      last_error: ending.error ?? null,
      ended_at: tx.fn.now(),
      lease: null,
      ...(ending.keepValues === true ? {} : { sealed_values: null }),
    });
  return ended === 1;
}

/** Gives a message back for a later attempt, at the latest when its code dies: then it is ended. */
export async function postponeMessage(
  knex: Knex,
  claim: Claim,
  { seconds, error }: { readonly seconds: number; readonly error: string },
): Promise<void> {
  await knex('outbox')
    .where(ofClaim(claim))
    .update({
      lease: null,
      last_error: error,
      next_attempt_at: knex.raw('least(now() + make_interval(secs => ?), expires_at)', [seconds]),
    });
}

const ofClaim = ({ tenantId, messageId, lease }: Claim) => ({
  tenant_id: tenantId,
  message_id: messageId,
  lease,
  status: 'queued',
});

/** How long an administrator can see what became of a message. */
const KEPT_SECONDS = 30 * 24 * 60 * 60;

/** Deletes messages that ended 30 days ago, at most `limit`. Gives how many. */
export async function sweepMessages(knex: Knex, limit: number): Promise<number> {
  const { rowCount } = await knex.raw<{ rowCount: number }>(
    `DELETE FROM outbox WHERE (tenant_id, message_id) IN (
       SELECT tenant_id, message_id FROM outbox WHERE ended_at < now() - make_interval(secs => ?)
        LIMIT ? FOR UPDATE SKIP LOCKED)`,
    [KEPT_SECONDS, limit],
  );
  return rowCount;
}
