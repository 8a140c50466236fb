import type { Knex } from 'knex';
import { withClient } from '../db/connection.ts';
import { isRetryable } from '../db/errors.ts';
import { AccessEnded, type ArtefactScope, type Flush } from './artefacts.ts';

/**
 * Writes everything a request changes as one statement, so that it happens as a whole or not at all.
 *
 * Each kind of write is one common table expression over arrays; the kinds present name the prepared statement,
 * so their number stays small. A code or token is only inserted while its grant is not revoked, and a session
 * that was ended meanwhile is not written again: then `AccessEnded` is thrown and nothing is written. A
 * deadlock or serialisation failure is retried once.
 */
export async function flush(knex: Knex, scope: ArtefactScope, changes: Flush): Promise<void> {
  const statement = compose(scope, changes);
  if (!statement) return;
  try {
    await run(knex, statement);
  } catch (error) {
    if (!isRetryable(error)) throw error;
    await run(knex, statement);
  }
}

type Composed = { name: string; text: string; values: unknown[] };

async function run(knex: Knex, statement: Composed): Promise<void> {
  try {
    await withClient(knex, (client) => client.query(statement));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === DIVISION_BY_ZERO) {
      throw new AccessEnded('access ended while it was being used', { cause: error });
    }
    throw error;
  }
}

const DIVISION_BY_ZERO = '22012'; // SQLSTATE division_by_zero

/**
 * A write whose precondition no longer holds must undo the whole statement. Division by zero is the one
 * error that plain SQL can raise on a condition; `run` recognises it.
 */
const EXPECT = (count: string, expected: string) =>
  `(SELECT 1 / (CASE WHEN (SELECT count(*) FROM ${count}) = ${expected} THEN 1 ELSE 0 END))`;

function compose(scope: ArtefactScope, changes: Flush): Composed | undefined {
  const values: unknown[] = [scope.tenantId, scope.workspaceId];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const parts: string[] = [];
  const expectations: string[] = [];
  let name = 'artefact-flush';

  const { sessions, grants, tokens, flows, endedSessions, deletedTokens, deletedFlows } = changes;
  const { closedInteractions, revokedGrants, audits } = changes;

  if (revokedGrants.length > 0) {
    name += '-r';
    const ids = bind(revokedGrants);
    parts.push(
      `revoked AS (UPDATE grants SET revoked_at = coalesce(revoked_at, now())
         WHERE tenant_id = $1 AND workspace_id = $2 AND grant_id = ANY(${ids}::text[]) RETURNING 1)`,
      `revoked_tokens AS (DELETE FROM tokens
         WHERE tenant_id = $1 AND workspace_id = $2 AND grant_id = ANY(${ids}::text[]) RETURNING 1)`,
      `revoked_codes AS (DELETE FROM flow_state
         WHERE tenant_id = $1 AND workspace_id = $2 AND grant_id = ANY(${ids}::text[])
           AND model <> 'Interaction' RETURNING 1)`,
    );
  }
  if (endedSessions.length > 0) {
    name += '-e';
    parts.push(`ended AS (DELETE FROM sessions WHERE tenant_id = $1 AND workspace_id = $2
      AND id_hash = ANY(${bind(endedSessions.map(bytes))}::bytea[]) RETURNING 1)`);
  }
  if (deletedTokens.length > 0) {
    name += '-dt';
    parts.push(`dropped_tokens AS (DELETE FROM tokens WHERE tenant_id = $1 AND workspace_id = $2
      AND id_hash = ANY(${bind(deletedTokens.map(bytes))}::bytea[]) RETURNING 1)`);
  }
  if (deletedFlows.length > 0) {
    name += '-df';
    parts.push(`dropped_flows AS (DELETE FROM flow_state f
      USING unnest(${bind(deletedFlows.map((x) => x.model))}::text[], ${bind(
        deletedFlows.map((x) => bytes(x.key)),
      )}::bytea[]) AS k(model, id_hash)
      WHERE f.tenant_id = $1 AND f.workspace_id = $2 AND f.model = k.model AND f.id_hash = k.id_hash RETURNING 1)`);
  }
  if (closedInteractions.length > 0) {
    name += '-ci';
    parts.push(`closed AS (UPDATE flow_state f SET consumed_at = coalesce(f.consumed_at, now()), payload = k.remains,
        account_id = NULL, session_uid = NULL, grant_id = NULL
      FROM unnest(${bind(closedInteractions.map((x) => bytes(x.key)))}::bytea[], ${bind(
        closedInteractions.map((x) => x.remains),
      )}::text[]) AS k(id_hash, remains)
      WHERE f.tenant_id = $1 AND f.workspace_id = $2 AND f.model = 'Interaction' AND f.id_hash = k.id_hash
      RETURNING 1)`);
  }
  if (grants.length > 0) {
    name += '-g';
    parts.push(`granted AS (INSERT INTO grants AS g (tenant_id, workspace_id, grant_id, account_id, client_id, payload, expires_at)
      SELECT $1, $2, grant_id, account_id, client_id, payload, now() + ttl_s * interval '1 second'
        FROM unnest(${bind(grants.map((x) => x.grantId))}::text[], ${bind(grants.map((x) => x.accountId ?? null))}::text[],
          ${bind(grants.map((x) => x.clientId ?? null))}::text[], ${bind(grants.map((x) => x.payload))}::text[],
          ${bind(grants.map((x) => x.ttlSeconds))}::float8[]) AS k(grant_id, account_id, client_id, payload, ttl_s)
      ON CONFLICT (tenant_id, workspace_id, grant_id) DO UPDATE
         SET payload = excluded.payload, expires_at = excluded.expires_at WHERE g.revoked_at IS NULL
      RETURNING 1)`);
    expectations.push(EXPECT('granted', bind(grants.length)));
  }
  const created = sessions.filter((x) => !x.loaded);
  if (created.length > 0) {
    name += '-sc';
    parts.push(`created AS (INSERT INTO sessions (tenant_id, workspace_id, id_hash, uid, account_id, pool_id, connection_id,
        payload, ip, user_agent, expires_at)
      SELECT $1, $2, id_hash, uid, account_id, pool_id, connection_id, payload, ip, user_agent,
             now() + ttl_s * interval '1 second'
        FROM unnest(${bind(created.map((x) => bytes(x.key)))}::bytea[], ${bind(created.map((x) => x.uid))}::text[],
          ${bind(created.map((x) => x.accountId ?? null))}::text[], ${bind(created.map((x) => x.origin.poolId ?? null))}::text[],
          ${bind(created.map((x) => x.origin.connectionId ?? null))}::text[], ${bind(created.map((x) => x.payload))}::text[],
          ${bind(created.map((x) => x.origin.ip ?? null))}::text[], ${bind(created.map((x) => x.origin.userAgent ?? null))}::text[],
          ${bind(created.map((x) => x.ttlSeconds))}::float8[])
          AS k(id_hash, uid, account_id, pool_id, connection_id, payload, ip, user_agent, ttl_s) RETURNING 1)`);
  }
  const updated = sessions.filter((x) => x.loaded);
  if (updated.length > 0) {
    name += '-su';
    parts.push(`updated AS (UPDATE sessions s SET id_hash = k.id_hash, account_id = k.account_id, payload = k.payload,
        pool_id = coalesce(k.pool_id, s.pool_id), connection_id = coalesce(k.connection_id, s.connection_id),
        last_seen_at = now(), expires_at = now() + k.ttl_s * interval '1 second'
      FROM unnest(${bind(updated.map((x) => bytes(x.key)))}::bytea[], ${bind(updated.map((x) => x.uid))}::text[],
          ${bind(updated.map((x) => x.accountId ?? null))}::text[], ${bind(updated.map((x) => x.payload))}::text[],
          ${bind(updated.map((x) => x.origin.poolId ?? null))}::text[],
          ${bind(updated.map((x) => x.origin.connectionId ?? null))}::text[],
          ${bind(updated.map((x) => x.ttlSeconds))}::float8[])
          AS k(id_hash, uid, account_id, payload, pool_id, connection_id, ttl_s)
      WHERE s.tenant_id = $1 AND s.workspace_id = $2 AND s.uid = k.uid RETURNING 1)`);
    expectations.push(EXPECT('updated', bind(updated.length)));
  }
  if (tokens.length > 0) {
    name += '-t';
    parts.push(`issued AS (INSERT INTO tokens AS t (tenant_id, workspace_id, model, id_hash, grant_id, session_uid, account_id,
        client_id, payload, leeway_s, expires_at)
      SELECT $1, $2, k.model, k.id_hash, k.grant_id, k.session_uid, k.account_id, k.client_id, k.payload, k.leeway_s,
             now() + k.ttl_s * interval '1 second'
        FROM unnest(${bind(tokens.map((x) => x.model))}::text[], ${bind(tokens.map((x) => bytes(x.key)))}::bytea[],
          ${bind(tokens.map((x) => x.grantId ?? null))}::text[], ${bind(tokens.map((x) => x.sessionUid ?? null))}::text[],
          ${bind(tokens.map((x) => x.accountId ?? null))}::text[], ${bind(tokens.map((x) => x.clientId ?? null))}::text[],
          ${bind(tokens.map((x) => x.payload))}::text[], ${bind(tokens.map((x) => x.leewaySeconds))}::int[],
          ${bind(tokens.map((x) => x.ttlSeconds))}::float8[])
          AS k(model, id_hash, grant_id, session_uid, account_id, client_id, payload, leeway_s, ttl_s)
       WHERE NOT EXISTS (SELECT FROM grants g WHERE g.tenant_id = $1 AND g.workspace_id = $2
                          AND g.grant_id = k.grant_id AND g.revoked_at IS NOT NULL)
      ON CONFLICT (tenant_id, workspace_id, id_hash) DO UPDATE
         SET payload = excluded.payload, expires_at = excluded.expires_at
      RETURNING 1)`);
    expectations.push(EXPECT('issued', bind(tokens.length)));
  }
  if (flows.length > 0) {
    name += '-f';
    parts.push(`flowing AS (INSERT INTO flow_state AS f (tenant_id, workspace_id, model, id_hash, user_code_hash, grant_id, session_uid,
        account_id, client_id, payload, expires_at)
      SELECT $1, $2, k.model, k.id_hash, k.user_code_hash, k.grant_id, k.session_uid, k.account_id, k.client_id,
             k.payload, now() + k.ttl_s * interval '1 second'
        FROM unnest(${bind(flows.map((x) => x.model))}::text[], ${bind(flows.map((x) => bytes(x.key)))}::bytea[],
          ${bind(flows.map((x) => (x.userCodeKey === undefined ? null : bytes(x.userCodeKey))))}::bytea[],
          ${bind(flows.map((x) => x.grantId ?? null))}::text[], ${bind(flows.map((x) => x.sessionUid ?? null))}::text[],
          ${bind(flows.map((x) => x.accountId ?? null))}::text[], ${bind(flows.map((x) => x.clientId ?? null))}::text[],
          ${bind(flows.map((x) => x.payload))}::text[], ${bind(flows.map((x) => x.ttlSeconds))}::float8[])
          AS k(model, id_hash, user_code_hash, grant_id, session_uid, account_id, client_id, payload, ttl_s)
       WHERE k.model = 'Interaction' OR NOT EXISTS (SELECT FROM grants g WHERE g.tenant_id = $1 AND g.workspace_id = $2
                          AND g.grant_id = k.grant_id AND g.revoked_at IS NOT NULL)
      ON CONFLICT (tenant_id, workspace_id, model, id_hash) DO UPDATE
         SET payload = excluded.payload, expires_at = excluded.expires_at, grant_id = excluded.grant_id,
             session_uid = excluded.session_uid, account_id = excluded.account_id
       WHERE f.consumed_at IS NULL
      RETURNING 1)`);
    expectations.push(EXPECT('flowing', bind(flows.length)));
  }
  if (audits.length > 0) {
    name += '-a';
    parts.push(`audited AS (INSERT INTO audit_events (tenant_id, workspace_id, event_id, event_subject, action, metadata, payload)
      SELECT $1, $2, event_id, subject, action, metadata::jsonb, payload::jsonb
        FROM unnest(${bind(audits.map((x) => x.eventId))}::text[], ${bind(audits.map((x) => x.subject))}::text[],
          ${bind(audits.map((x) => x.action))}::text[], ${bind(audits.map((x) => x.metadata))}::text[],
          ${bind(audits.map((x) => x.payload))}::text[]) AS k(event_id, subject, action, metadata, payload) RETURNING 1)`);
  }
  if (parts.length === 0) return undefined;
  return {
    name,
    text: `WITH ${parts.join(',\n')} SELECT ${expectations.length > 0 ? expectations.join(', ') : '1'}`,
    values,
  };
}

const bytes = (key: string): Buffer => Buffer.from(key, 'base64url');
