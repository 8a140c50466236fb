import type { Knex } from 'knex';
import { withClient } from '../db/connection.ts';
import { accountDocument } from '../users/account_store.ts';
import type { Account } from '../users/account.ts';
import type { ArtefactScope, FlowModel, Model, Reading, StoredArtefact } from './artefacts.ts';

/** Revoked grants outlive everything that could have been issued under them unseen, in seconds. */
const TOMBSTONE_TTL_SECONDS = 24 * 60 * 60;

// Within the leeway a used refresh token reads as unused (design 4.1). Database time throughout (rule 6).
const CONSUMED_AT = `CASE WHEN t.consumed_at + t.leeway_s * interval '1 second' > now() THEN NULL
                          ELSE extract(epoch FROM t.consumed_at)::bigint END`;

type Row = {
  model: Model;
  key: string;
  payload: string;
  consumed_at: number | null;
  grant_id: string | null;
  grant_payload: string | null;
  session_key: string | null;
  session_payload: string | null;
  account: Account | null;
};

// A prepared statement's name stands for one text.
const named = (name: string, { wideAccounts }: ArtefactScope): string =>
  wideAccounts === true ? `${name}-wide` : name;

const accountColumn = ({ wideAccounts = false }: ArtefactScope): string =>
  `${accountDocument('t.tenant_id', 't.account_id', { wide: wideAccounts })} AS account`;

/** Joins a row `t` to its grant, its session and its person. What was issued under a revoked grant is absent. */
const COMPANIONS = `
  LEFT JOIN grants g ON g.tenant_id = t.tenant_id AND g.workspace_id = t.workspace_id AND g.grant_id = t.grant_id
  LEFT JOIN sessions s ON s.tenant_id = t.tenant_id AND s.workspace_id = t.workspace_id AND s.uid = t.session_uid`;
const companionColumns = (
  scope: ArtefactScope,
) => `t.grant_id, CASE WHEN g.revoked_at IS NULL THEN g.payload END AS grant_payload,
  translate(encode(s.id_hash, 'base64'), '+/=', '-_') AS session_key, s.payload AS session_payload,
  ${accountColumn(scope)}`;

/** Finds a token of any kind by the hash of its value, with its grant, session and account. */
export async function readToken(knex: Knex, scope: ArtefactScope, key: string): Promise<Reading> {
  return read(knex, {
    name: named('artefact-token', scope),
    text: `SELECT t.model, $4::text AS key, t.payload, ${CONSUMED_AT} AS consumed_at, ${companionColumns(scope)}
             FROM tokens t ${COMPANIONS}
            WHERE t.tenant_id = $1 AND t.workspace_id = $2 AND t.id_hash = $3 AND g.revoked_at IS NULL`,
    values: [scope.tenantId, scope.workspaceId, bytes(key), key],
  });
}

/** Finds flow state by the hash of its value, with its grant, session and account. */
export async function readFlow(
  knex: Knex,
  scope: ArtefactScope,
  model: FlowModel,
  key: string,
): Promise<Reading> {
  return read(knex, {
    name: named('artefact-flow', scope),
    text: `SELECT t.model, $5::text AS key, t.payload, extract(epoch FROM t.consumed_at)::bigint AS consumed_at,
                  ${companionColumns(scope)}
             FROM flow_state t ${COMPANIONS}
            WHERE t.tenant_id = $1 AND t.workspace_id = $2 AND t.model = $3 AND t.id_hash = $4
              -- An interaction was not issued under its grant: it only looks at what was granted so far.
              AND (t.model = 'Interaction' OR g.revoked_at IS NULL)`,
    values: [scope.tenantId, scope.workspaceId, model, bytes(key), key],
  });
}

const sessionColumns = (
  scope: ArtefactScope,
) => `'Session' AS model, translate(encode(t.id_hash, 'base64'), '+/=', '-_') AS key, t.payload,
  NULL::bigint AS consumed_at, NULL AS grant_id, NULL AS grant_payload, NULL AS session_key,
  NULL AS session_payload, ${accountColumn(scope)}`;

/** Finds a session by the hash of its cookie, with its account. */
export async function readSession(knex: Knex, scope: ArtefactScope, key: string): Promise<Reading> {
  return read(knex, {
    name: named('artefact-session', scope),
    text: `SELECT ${sessionColumns(scope)} FROM sessions t
            WHERE t.tenant_id = $1 AND t.workspace_id = $2 AND t.id_hash = $3`,
    values: [scope.tenantId, scope.workspaceId, bytes(key)],
  });
}

/** Finds a session by its uid, the name by which tokens know it. */
export async function readSessionByUid(knex: Knex, scope: ArtefactScope, uid: string): Promise<Reading> {
  return read(knex, {
    name: named('artefact-session-uid', scope),
    text: `SELECT ${sessionColumns(scope)} FROM sessions t
            WHERE t.tenant_id = $1 AND t.workspace_id = $2 AND t.uid = $3`,
    values: [scope.tenantId, scope.workspaceId, uid],
  });
}

/** Finds the newest device code that a person's code names. */
export async function readByUserCode(
  knex: Knex,
  scope: ArtefactScope,
  model: FlowModel,
  userCodeKey: string,
): Promise<Reading> {
  return read(knex, {
    name: named('artefact-user-code', scope),
    text: `SELECT t.model, translate(encode(t.id_hash, 'base64'), '+/=', '-_') AS key, t.payload,
                  extract(epoch FROM t.consumed_at)::bigint AS consumed_at, ${companionColumns(scope)}
             FROM flow_state t ${COMPANIONS}
            WHERE t.tenant_id = $1 AND t.workspace_id = $2 AND t.model = $3 AND t.user_code_hash = $4
              AND g.revoked_at IS NULL
            ORDER BY t.created_at DESC LIMIT 1`,
    values: [scope.tenantId, scope.workspaceId, model, bytes(userCodeKey)],
  });
}

const GRANT_COLUMNS = `'Grant' AS model, t.grant_id AS key, t.payload, NULL::bigint AS consumed_at,
  NULL AS grant_id, NULL AS grant_payload, NULL AS session_key, NULL AS session_payload, NULL::json AS account`;

/** Finds a grant that is not revoked. */
export async function readGrant(knex: Knex, scope: ArtefactScope, grantId: string): Promise<Reading> {
  return read(knex, {
    name: 'artefact-grant',
    text: `SELECT ${GRANT_COLUMNS} FROM grants t
            WHERE t.tenant_id = $1 AND t.workspace_id = $2 AND t.grant_id = $3 AND t.revoked_at IS NULL
              AND t.payload IS NOT NULL`,
    values: [scope.tenantId, scope.workspaceId, grantId],
  });
}

/** Finds what a person last granted a client, so that consent is remembered beyond one browser session. */
export async function readLatestGrant(
  knex: Knex,
  scope: ArtefactScope,
  accountId: string,
  clientId: string,
): Promise<Reading> {
  return read(knex, {
    name: 'artefact-grant-latest',
    text: `SELECT ${GRANT_COLUMNS} FROM grants t
            WHERE t.tenant_id = $1 AND t.workspace_id = $2 AND t.account_id = $3 AND t.client_id = $4
              AND t.revoked_at IS NULL AND t.expires_at > now() AND t.payload IS NOT NULL
            ORDER BY t.created_at DESC LIMIT 1`,
    values: [scope.tenantId, scope.workspaceId, accountId, clientId],
  });
}

/**
 * Uses a refresh token up, at once and in its own statement: true for exactly one of any number of callers
 * (rule 1). Within its leeway a used one may be used again.
 */
export async function consumeToken(knex: Knex, scope: ArtefactScope, key: string): Promise<boolean> {
  return changesOne(knex, {
    name: 'artefact-consume-token',
    text: `UPDATE tokens t SET consumed_at = coalesce(t.consumed_at, now())
            WHERE t.tenant_id = $1 AND t.workspace_id = $2 AND t.id_hash = $3 AND t.expires_at > now()
              AND (t.consumed_at IS NULL OR t.consumed_at + t.leeway_s * interval '1 second' > now())
        RETURNING 1`,
    values: [scope.tenantId, scope.workspaceId, bytes(key)],
  });
}

/** Uses a code or a pushed request up, at once: true for exactly one of any number of callers (rule 1). */
export async function consumeFlow(
  knex: Knex,
  scope: ArtefactScope,
  model: FlowModel,
  key: string,
): Promise<boolean> {
  return changesOne(knex, {
    name: 'artefact-consume-flow',
    text: `UPDATE flow_state t SET consumed_at = now()
            WHERE t.tenant_id = $1 AND t.workspace_id = $2 AND t.model = $3 AND t.id_hash = $4
              AND t.consumed_at IS NULL AND t.expires_at > now()
        RETURNING 1`,
    values: [scope.tenantId, scope.workspaceId, model, bytes(key)],
  });
}

/** Claims the identity of an assertion or proof: false when it was used before. Insert-only (rule 7). */
export async function claimReplay(
  knex: Knex,
  scope: ArtefactScope,
  key: string,
  ttlSeconds: number,
): Promise<boolean> {
  return changesOne(knex, {
    name: 'artefact-replay',
    text: `INSERT INTO replays (tenant_id, workspace_id, id_hash, expires_at)
           VALUES ($1, $2, $3, now() + $4 * interval '1 second')
           ON CONFLICT DO NOTHING RETURNING 1`,
    values: [scope.tenantId, scope.workspaceId, bytes(key), ttlSeconds],
  });
}

/**
 * Ends a grant at once after a detected reuse: the tombstone refuses what was, or is being, issued under it,
 * and its tokens and codes go.
 */
export async function killGrant(knex: Knex, scope: ArtefactScope, grantId: string): Promise<void> {
  await withClient(knex, (client) =>
    client.query({
      name: 'artefact-kill-grant',
      text: `WITH tombstone AS (
               INSERT INTO grants (tenant_id, workspace_id, grant_id, revoked_at, expires_at)
               VALUES ($1, $2, $3, now(), now() + $4 * interval '1 second')
               ON CONFLICT (tenant_id, workspace_id, grant_id)
                  DO UPDATE SET revoked_at = coalesce(grants.revoked_at, now())),
             codes AS (
               DELETE FROM flow_state WHERE tenant_id = $1 AND workspace_id = $2 AND grant_id = $3
                  AND model <> 'Interaction')
             DELETE FROM tokens WHERE tenant_id = $1 AND workspace_id = $2 AND grant_id = $3`,
      values: [scope.tenantId, scope.workspaceId, grantId, TOMBSTONE_TTL_SECONDS],
    }),
  );
}

type Statement = { name: string; text: string; values: unknown[] };

async function read(knex: Knex, statement: Statement): Promise<Reading> {
  return withClient(knex, async (client) => {
    const { rows } = await client.query<Row>(statement);
    const row = rows[0];
    if (!row) return { found: [] };
    const found: StoredArtefact[] = [
      {
        model: row.model,
        key: row.key,
        payload: row.payload,
        ...(row.consumed_at === null ? {} : { consumedAt: row.consumed_at }),
      },
    ];
    if (row.grant_id !== null && row.grant_payload !== null) {
      found.push({ model: 'Grant', key: row.grant_id, payload: row.grant_payload });
    }
    if (row.session_key !== null && row.session_payload !== null) {
      found.push({ model: 'Session', key: row.session_key, payload: row.session_payload });
    }
    return row.account ? { found, account: row.account } : { found };
  });
}

async function changesOne(knex: Knex, statement: Statement): Promise<boolean> {
  return withClient(knex, async (client) => {
    const { rows } = await client.query(statement);
    return rows.length === 1;
  });
}

const bytes = (key: string): Buffer => Buffer.from(key, 'base64url');
