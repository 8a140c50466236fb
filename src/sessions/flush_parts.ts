import type { Flush } from './artefacts.ts';
import { ENDED_SESSION, noticesOf } from './logout_notices_store.ts';

/** Takes a value of the statement; gives its placeholder. */
export type Bind = (value: unknown) => string;

/** One kind of change: its expressions, and which of them must touch exactly how many rows. */
export type Part = { tag: string; sql: string; guarded?: { name: string; rows: number } };

/** The kinds of change. All of them see the tables as they were before the statement. */
export const KINDS: readonly ((changes: Flush, bind: Bind) => Part | undefined)[] = [
  revokeGrants,
  endSessions,
  dropTokens,
  dropFlows,
  closeInteractions,
  saveGrants,
  createSessions,
  updateSessions,
  issueTokens,
  saveFlows,
  recordAudits,
];

const HERE = 'tenant_id = $1 AND workspace_id = $2';
const EXPIRES = `now() + k.ttl_s * interval '1 second'`;
/** Nothing is issued under a grant that is revoked, even if that happened a moment ago. */
const GRANT_REVOKED = `EXISTS (SELECT FROM grants g WHERE g.tenant_id = $1 AND g.workspace_id = $2
  AND g.grant_id = k.grant_id AND g.revoked_at IS NOT NULL)`;

function revokeGrants({ revokedGrants }: Flush, bind: Bind): Part | undefined {
  if (revokedGrants.length === 0) return undefined;
  const ofThese = `${HERE} AND grant_id = ANY(${bind(revokedGrants)}::text[])`;
  return {
    tag: 'revoke',
    sql: `revoked AS (UPDATE grants SET revoked_at = coalesce(revoked_at, now()) WHERE ${ofThese}),
      revoked_tokens AS (DELETE FROM tokens WHERE ${ofThese}),
      revoked_codes AS (DELETE FROM flow_state WHERE ${ofThese} AND model <> 'Interaction')`,
  };
}

function endSessions({ endedSessions }: Flush, bind: Bind): Part | undefined {
  if (endedSessions.length === 0) return undefined;
  const keys = bind(endedSessions.map(bytes));
  return {
    tag: 'end',
    sql: `ended AS (DELETE FROM sessions WHERE ${HERE} AND id_hash = ANY(${keys}::bytea[])
        RETURNING ${ENDED_SESSION}),
      notices AS (${noticesOf('ended')})`,
  };
}

function dropTokens({ deletedTokens }: Flush, bind: Bind): Part | undefined {
  if (deletedTokens.length === 0) return undefined;
  const keys = bind(deletedTokens.map(bytes));
  return {
    tag: 'drop',
    sql: `dropped AS (DELETE FROM tokens WHERE ${HERE} AND id_hash = ANY(${keys}::bytea[]))`,
  };
}

function dropFlows({ deletedFlows }: Flush, bind: Bind): Part | undefined {
  if (deletedFlows.length === 0) return undefined;
  const rows = table(bind, deletedFlows, {
    model: ['text', (x) => x.model],
    id_hash: ['bytea', (x) => bytes(x.key)],
  });
  return {
    tag: 'dropflow',
    sql: `dropped_flows AS (DELETE FROM flow_state USING ${rows}
      WHERE ${HERE} AND flow_state.model = k.model AND flow_state.id_hash = k.id_hash)`,
  };
}

function closeInteractions({ closedInteractions }: Flush, bind: Bind): Part | undefined {
  if (closedInteractions.length === 0) return undefined;
  const rows = table(bind, closedInteractions, {
    id_hash: ['bytea', (x) => bytes(x.key)],
    remains: ['text', (x) => x.remains],
  });
  return {
    tag: 'close',
    sql: `closed AS (UPDATE flow_state f
      SET consumed_at = coalesce(f.consumed_at, now()), payload = k.remains,
          account_id = NULL, session_uid = NULL, grant_id = NULL
      FROM ${rows} WHERE ${HERE} AND f.model = 'Interaction' AND f.id_hash = k.id_hash)`,
  };
}

function saveGrants({ grants }: Flush, bind: Bind): Part | undefined {
  if (grants.length === 0) return undefined;
  const rows = table(bind, grants, {
    grant_id: ['text', (x) => x.grantId],
    account_id: ['text', (x) => x.accountId],
    client_id: ['text', (x) => x.clientId],
    payload: ['text', (x) => x.payload],
    ttl_s: ['float8', (x) => x.ttlSeconds],
  });
  return {
    tag: 'grant',
    sql: `granted AS (
      INSERT INTO grants AS g (tenant_id, workspace_id, grant_id, account_id, client_id, payload, expires_at)
      SELECT $1, $2, k.grant_id, k.account_id, k.client_id, k.payload, ${EXPIRES} FROM ${rows}
      ON CONFLICT (tenant_id, workspace_id, grant_id) DO UPDATE
         SET payload = excluded.payload, expires_at = excluded.expires_at WHERE g.revoked_at IS NULL
      RETURNING 1)`,
    guarded: { name: 'granted', rows: grants.length },
  };
}

function createSessions({ sessions }: Flush, bind: Bind): Part | undefined {
  const created = sessions.filter((session) => !session.loaded);
  if (created.length === 0) return undefined;
  const rows = table(bind, created, {
    id_hash: ['bytea', (x) => bytes(x.key)],
    uid: ['text', (x) => x.uid],
    account_id: ['text', (x) => x.accountId],
    pool_id: ['text', (x) => x.origin.poolId],
    connection_id: ['text', (x) => x.origin.connectionId],
    payload: ['text', (x) => x.payload],
    ip: ['text', (x) => x.origin.ip],
    user_agent: ['text', (x) => x.origin.userAgent],
    ttl_s: ['float8', (x) => x.ttlSeconds],
  });
  return {
    tag: 'session',
    sql: `created AS (
      INSERT INTO sessions (tenant_id, workspace_id, id_hash, uid, account_id, pool_id, connection_id, payload,
                            ip, user_agent, expires_at)
      SELECT $1, $2, k.id_hash, k.uid, k.account_id, k.pool_id, k.connection_id, k.payload, k.ip, k.user_agent,
             ${EXPIRES}
        FROM ${rows})`,
  };
}

function updateSessions({ sessions }: Flush, bind: Bind): Part | undefined {
  const updated = sessions.filter((session) => session.loaded);
  if (updated.length === 0) return undefined;
  const rows = table(bind, updated, {
    id_hash: ['bytea', (x) => bytes(x.key)],
    uid: ['text', (x) => x.uid],
    account_id: ['text', (x) => x.accountId],
    pool_id: ['text', (x) => x.origin.poolId],
    connection_id: ['text', (x) => x.origin.connectionId],
    payload: ['text', (x) => x.payload],
    ttl_s: ['float8', (x) => x.ttlSeconds],
  });
  return {
    tag: 'touch',
    sql: `updated AS (UPDATE sessions s
      SET id_hash = k.id_hash, account_id = k.account_id, payload = k.payload,
          pool_id = coalesce(k.pool_id, s.pool_id), connection_id = coalesce(k.connection_id, s.connection_id),
          last_seen_at = now(), expires_at = ${EXPIRES}
      FROM ${rows} WHERE ${HERE} AND s.uid = k.uid RETURNING 1)`,
    guarded: { name: 'updated', rows: updated.length },
  };
}

function issueTokens({ tokens }: Flush, bind: Bind): Part | undefined {
  if (tokens.length === 0) return undefined;
  const rows = table(bind, tokens, {
    model: ['text', (x) => x.model],
    id_hash: ['bytea', (x) => bytes(x.key)],
    grant_id: ['text', (x) => x.grantId],
    session_uid: ['text', (x) => x.sessionUid],
    account_id: ['text', (x) => x.accountId],
    client_id: ['text', (x) => x.clientId],
    payload: ['text', (x) => x.payload],
    leeway_s: ['int', (x) => x.leewaySeconds],
    ttl_s: ['float8', (x) => x.ttlSeconds],
  });
  return {
    tag: 'token',
    sql: `issued AS (
      INSERT INTO tokens (tenant_id, workspace_id, model, id_hash, grant_id, session_uid, account_id, client_id,
                          payload, leeway_s, expires_at)
      SELECT $1, $2, k.model, k.id_hash, k.grant_id, k.session_uid, k.account_id, k.client_id, k.payload, k.leeway_s,
             ${EXPIRES}
        FROM ${rows} WHERE NOT ${GRANT_REVOKED}
      ON CONFLICT (tenant_id, workspace_id, id_hash) DO UPDATE
         SET payload = excluded.payload, expires_at = excluded.expires_at
      RETURNING 1)`,
    guarded: { name: 'issued', rows: tokens.length },
  };
}

function saveFlows({ flows }: Flush, bind: Bind): Part | undefined {
  if (flows.length === 0) return undefined;
  const rows = table(bind, flows, {
    model: ['text', (x) => x.model],
    id_hash: ['bytea', (x) => bytes(x.key)],
    user_code_hash: ['bytea', (x) => x.userCodeKey && bytes(x.userCodeKey)],
    grant_id: ['text', (x) => x.grantId],
    session_uid: ['text', (x) => x.sessionUid],
    account_id: ['text', (x) => x.accountId],
    client_id: ['text', (x) => x.clientId],
    payload: ['text', (x) => x.payload],
    ttl_s: ['float8', (x) => x.ttlSeconds],
  });
  return {
    tag: 'flow',
    sql: `flowing AS (
      INSERT INTO flow_state AS f (tenant_id, workspace_id, model, id_hash, user_code_hash, grant_id, session_uid,
                                   account_id, client_id, payload, expires_at)
      SELECT $1, $2, k.model, k.id_hash, k.user_code_hash, k.grant_id, k.session_uid, k.account_id, k.client_id,
             k.payload, ${EXPIRES}
        FROM ${rows} WHERE k.model = 'Interaction' OR NOT ${GRANT_REVOKED}
      ON CONFLICT (tenant_id, workspace_id, model, id_hash) DO UPDATE
         SET payload = excluded.payload, expires_at = excluded.expires_at, grant_id = excluded.grant_id,
             session_uid = excluded.session_uid, account_id = excluded.account_id
       WHERE f.consumed_at IS NULL
      RETURNING 1)`,
    guarded: { name: 'flowing', rows: flows.length },
  };
}

function recordAudits({ audits }: Flush, bind: Bind): Part | undefined {
  if (audits.length === 0) return undefined;
  const rows = table(bind, audits, {
    event_id: ['text', (x) => x.eventId],
    subject: ['text', (x) => x.subject],
    action: ['text', (x) => x.action],
    metadata: ['text', (x) => x.metadata],
    payload: ['text', (x) => x.payload],
  });
  return {
    tag: 'audit',
    sql: `audited AS (
      INSERT INTO audit_events (tenant_id, workspace_id, event_id, event_subject, action, metadata, payload)
      SELECT $1, $2, k.event_id, k.subject, k.action, k.metadata::jsonb, k.payload::jsonb FROM ${rows})`,
  };
}

/** Rows as a table `k` that SQL can read: one array parameter a column. Absent values are null. */
function table<Row>(
  bind: Bind,
  rows: readonly Row[],
  columns: Record<string, readonly [type: string, value: (row: Row) => unknown]>,
): string {
  const arrays = Object.values(columns).map(
    ([type, value]) => `${bind(rows.map((row) => value(row) ?? null))}::${type}[]`,
  );
  return `unnest(${arrays.join(', ')}) AS k(${Object.keys(columns).join(', ')})`;
}

const bytes = (key: string): Buffer => Buffer.from(key, 'base64url');
