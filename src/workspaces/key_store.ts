import type { Knex } from 'knex';
import { selection, type Columns } from '../db/columns.ts';
import type { WorkspaceScope } from './config_change.ts';
import {
  MAX_ROTATED_KEYS,
  PUBLISHED_BEFORE_USE_SECONDS,
  type KeyList,
  type SigningKey,
} from './key_rules.ts';
import { algOfKeyType, type SigningAlg } from './signing_key.ts';
import type { SealedSigningKey } from './workspace_store.ts';

const COLUMNS: Columns<SigningKey> = {
  kid: 'kid',
  alg: 'alg',
  status: 'status',
  publicJwk: 'public_jwk',
  createdAt: 'created_at',
  promotedAt: 'promoted_at',
  rotatedAt: 'rotated_at',
  revokedAt: 'revoked_at',
  retireAfter: 'retire_after',
};
const SELECT = selection(COLUMNS, 'k');
const OF_WORKSPACE = `k.tenant_id = :tenantId AND k.workspace_id = :workspaceId AND k.use = 'sig'`;

/** The keys of one algorithm, the newest first; without one, of the workspace's own. Undefined without workspace. */
export async function listKeys(
  executor: Knex,
  scope: WorkspaceScope,
  alg: SigningAlg | undefined,
): Promise<KeyList | undefined> {
  const { rows } = await executor.raw<{ rows: (SigningKey & { rowVersion: number })[] }>(
    `SELECT w.keys_version AS "rowVersion", ${SELECT}
       FROM workspaces w LEFT JOIN signing_keys k ON k.tenant_id = w.tenant_id AND k.workspace_id = w.workspace_id
        AND k.use = 'sig' AND k.alg = coalesce(:alg, ${algOfKeyType('w.key_type')})
      WHERE w.tenant_id = :tenantId AND w.workspace_id = :workspaceId
      ORDER BY k.created_at DESC, k.kid`,
    { ...scope, alg: alg ?? null },
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  // Without a key of the algorithm there is one row, of the workspace alone.
  return { rowVersion: first.rowVersion, keys: rows.filter(({ kid }) => kid !== null) };
}

export async function findKey(
  executor: Knex,
  scope: WorkspaceScope,
  kid: string,
): Promise<SigningKey | undefined> {
  const { rows } = await executor.raw<{ rows: SigningKey[] }>(
    `SELECT ${SELECT} FROM signing_keys k WHERE ${OF_WORKSPACE} AND k.kid = :kid`,
    { ...scope, kid },
  );
  return rows[0];
}

/** Holds the keys of a workspace against other changes until the transaction ends, and gives their version. */
export async function lockKeys(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
): Promise<{ readonly rowVersion: number; readonly sessionSeconds: number } | undefined> {
  const { rows } = await tx.raw<{ rows: { rowVersion: number; sessionSeconds: number }[] }>(
    `SELECT w.keys_version AS "rowVersion", w.session_ttl_s AS "sessionSeconds" FROM workspaces w
      WHERE w.tenant_id = :tenantId AND w.workspace_id = :workspaceId FOR NO KEY UPDATE`,
    scope,
  );
  return rows[0];
}

/** A change has been made; gives the new version. */
export async function raiseKeysVersion(tx: Knex.Transaction, scope: WorkspaceScope): Promise<number> {
  const { rows } = await tx.raw<{ rows: { rowVersion: number }[] }>(
    `UPDATE workspaces SET keys_version = keys_version + 1
      WHERE tenant_id = :tenantId AND workspace_id = :workspaceId RETURNING keys_version AS "rowVersion"`,
    scope,
  );
  return rows[0]!.rowVersion;
}

/** False when there is a next key already. Its age counts from here on, not from the transaction's begin. */
export async function insertNextKey(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  key: SealedSigningKey,
): Promise<boolean> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `INSERT INTO signing_keys (tenant_id, workspace_id, kid, alg, status, public_jwk, private_jwk_sealed, created_at)
     VALUES (:tenantId, :workspaceId, :kid, :alg, 'next', :publicJwk, :sealed, clock_timestamp())
     ON CONFLICT DO NOTHING`,
    { ...scope, ...key, publicJwk: JSON.stringify(key.publicJwk) },
  );
  return rowCount === 1;
}

/** The algorithms that a workspace signs with. */
export async function signingAlgs(tx: Knex.Transaction, scope: WorkspaceScope): Promise<SigningAlg[]> {
  const { rows } = await tx.raw<{ rows: { alg: SigningAlg }[] }>(
    `SELECT k.alg FROM signing_keys k WHERE ${OF_WORKSPACE} AND k.status = 'current'`,
    scope,
  );
  return rows.map(({ alg }) => alg);
}

export type Readiness = {
  readonly alg: SigningAlg;
  /** Absent when no key waits. */
  readonly nextCreatedAt: Date | null;
  /** Whether it has been published for long enough, by the database's clock. */
  readonly nextIsReady: boolean;
  readonly isFull: boolean;
};

/** How the successors of the keys that sign stand. */
export async function readiness(tx: Knex.Transaction, scope: WorkspaceScope): Promise<Readiness[]> {
  const { rows } = await tx.raw<{ rows: Readiness[] }>(
    `SELECT k.alg, n.created_at AS "nextCreatedAt",
            coalesce(n.created_at <= clock_timestamp() - make_interval(secs => :wait), false) AS "nextIsReady",
            (SELECT count(*) >= :most FROM signing_keys r
              WHERE r.tenant_id = k.tenant_id AND r.workspace_id = k.workspace_id AND r.use = k.use
                AND r.alg = k.alg AND r.status = 'rotated') AS "isFull"
       FROM signing_keys k LEFT JOIN signing_keys n ON n.tenant_id = k.tenant_id
        AND n.workspace_id = k.workspace_id AND n.use = k.use AND n.alg = k.alg AND n.status = 'next'
      WHERE ${OF_WORKSPACE} AND k.status = 'current'`,
    { ...scope, wait: PUBLISHED_BEFORE_USE_SECONDS, most: MAX_ROTATED_KEYS },
  );
  return rows;
}

/** The current key of the algorithm signs no more, and stays published for so long. Gives its id. */
export async function putAside(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  alg: SigningAlg,
  publishedSeconds: number,
): Promise<string | undefined> {
  const { rows } = await tx.raw<{ rows: { kid: string }[] }>(
    `UPDATE signing_keys k SET status = 'rotated', rotated_at = clock_timestamp(),
            retire_after = clock_timestamp() + make_interval(secs => :publishedSeconds)
      WHERE ${OF_WORKSPACE} AND k.alg = :alg AND k.status = 'current' RETURNING k.kid`,
    { ...scope, alg, publishedSeconds },
  );
  return rows[0]?.kid;
}

/** The next key of the algorithm signs from now on. Undefined when none waits. */
export async function promoteNext(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  alg: SigningAlg,
): Promise<SigningKey | undefined> {
  const { rows } = await tx.raw<{ rows: SigningKey[] }>(
    `UPDATE signing_keys k SET status = 'current', promoted_at = clock_timestamp()
      WHERE ${OF_WORKSPACE} AND k.alg = :alg AND k.status = 'next' RETURNING ${SELECT}`,
    { ...scope, alg },
  );
  return rows[0];
}

/** Ends a key. What takes the place of its private part is `sealed`. */
export async function revokeKey(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  kid: string,
  { sealed, listedSeconds }: { sealed: string; listedSeconds: number },
): Promise<SigningKey | undefined> {
  const { rows } = await tx.raw<{ rows: SigningKey[] }>(
    `UPDATE signing_keys k SET status = 'revoked', revoked_at = clock_timestamp(), private_jwk_sealed = :sealed,
            retire_after = clock_timestamp() + make_interval(secs => :listedSeconds)
      WHERE ${OF_WORKSPACE} AND k.kid = :kid RETURNING ${SELECT}`,
    { ...scope, kid, sealed, listedSeconds },
  );
  return rows[0];
}

/** Deletes the keys whose time is over, and names them. */
export async function deleteOverdueKeys(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
): Promise<Pick<SigningKey, 'kid' | 'alg' | 'status'>[]> {
  const { rows } = await tx.raw<{ rows: Pick<SigningKey, 'kid' | 'alg' | 'status'>[] }>(
    `DELETE FROM signing_keys k WHERE ${OF_WORKSPACE} AND k.status IN ('rotated', 'revoked')
        AND k.retire_after < now() RETURNING k.kid, k.alg, k.status`,
    scope,
  );
  return rows;
}

/** Workspaces that have keys whose time is over, of all tenants. */
export async function workspacesWithOverdueKeys(executor: Knex, limit: number): Promise<WorkspaceScope[]> {
  const { rows } = await executor.raw<{ rows: WorkspaceScope[] }>(
    `SELECT DISTINCT k.tenant_id AS "tenantId", k.workspace_id AS "workspaceId" FROM signing_keys k
      WHERE k.retire_after < now() AND k.status IN ('rotated', 'revoked') LIMIT ?`,
    [limit],
  );
  return rows;
}

/** Keys that sign and have no successor, of all tenants. */
export async function keysWithoutNext(
  executor: Knex,
  limit: number,
): Promise<(WorkspaceScope & { readonly alg: SigningAlg })[]> {
  const { rows } = await executor.raw<{ rows: (WorkspaceScope & { alg: SigningAlg })[] }>(
    `SELECT k.tenant_id AS "tenantId", k.workspace_id AS "workspaceId", k.alg FROM signing_keys k
      WHERE k.status = 'current' AND k.use = 'sig' AND NOT EXISTS (
            SELECT FROM signing_keys n WHERE n.tenant_id = k.tenant_id AND n.workspace_id = k.workspace_id
               AND n.use = k.use AND n.alg = k.alg AND n.status = 'next')
      LIMIT ?`,
    [limit],
  );
  return rows;
}
