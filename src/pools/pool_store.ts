import { randomInt } from 'node:crypto';
import type { Knex } from 'knex';
import { json, selection, toRow, type Columns } from '../db/columns.ts';
import { keyset, type Page } from '../db/keyset.ts';
import { searchByName } from '../db/name_search.ts';
import type { CountedPool, Pool, PoolScope, PoolSettings } from './pool.ts';

const COLUMNS: Columns<Pool> = {
  tenantId: 'tenant_id',
  id: 'pool_id',
  workspaceId: 'workspace_id',
  name: 'name',
  description: 'description',
  badgeColor: 'badge_color',
  payloadSchemaId: 'payload_schema_id',
  metadataSchemaId: 'metadata_schema_id',
  businessMetadataSchemaId: 'business_metadata_schema_id',
  authenticationMechanisms: 'authentication_mechanisms',
  preferredAuthenticationMechanism: 'preferred_authentication_mechanism',
  secondFactorAuthenticationMechanisms: 'second_factor_authentication_mechanisms',
  secondFactorPreferredAuthenticationMechanism: 'second_factor_preferred_authentication_mechanism',
  secondFactorThreshold: 'second_factor_threshold',
  mfaSessionTtl: 'mfa_session_ttl',
  publicRegistrationAllowed: 'public_registration_allowed',
  selfDeletionAllowed: 'self_deletion_allowed',
  adminInitiatedRegistrationAllowed: 'admin_initiated_registration_allowed',
  identifierCaseInsensitive: 'identifier_case_insensitive',
  passwordPolicy: json('password_policy'),
  passwordSettings: json('password_settings'),
  otpSettings: json('otp_settings'),
  resetCredentialsSettings: json('reset_credentials_settings'),
  metadata: json('metadata'),
  labels: json('labels'),
  system: 'system',
  branding: json('branding'),
  deletedAt: 'deleted_at',
  rowVersion: 'row_version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
const SELECT = selection(COLUMNS, 'p');
const SEARCHED = { tenantId: 'p.tenant_id', id: 'p.pool_id', name: 'p.name_lc' };

const COUNTED = `${SELECT}, n.standard AS "standardUsers", n.jit AS "jitUsers"`;
const COUNTS = `CROSS JOIN LATERAL (
  SELECT coalesce(sum(c.standard_users), 0)::bigint AS standard, coalesce(sum(c.jit_users), 0)::bigint AS jit
    FROM pool_user_counts c WHERE c.tenant_id = p.tenant_id AND c.pool_id = p.pool_id) n`;

export type NewPool = PoolSettings & Pick<Pool, 'tenantId' | 'id' | 'workspaceId' | 'system'>;

/** Throws the unique violations of `pools_pkey` (the id) and `pools_name_unique`. */
export async function insertPool(tx: Knex.Transaction, pool: NewPool): Promise<void> {
  await tx('pools').insert({ ...toRow(COLUMNS, pool), name_lc: pool.name.toLowerCase() });
}

export async function findPool(executor: Knex, scope: PoolScope): Promise<CountedPool | undefined> {
  const { rows } = await executor.raw<{ rows: CountedPool[] }>(
    `SELECT ${COUNTED} FROM pools p ${COUNTS}
      WHERE p.tenant_id = ? AND p.pool_id = ? AND p.deleted_at IS NULL`,
    [scope.tenantId, scope.poolId],
  );
  return rows[0];
}

/** SQL of a living pool that is held until the transaction ends; its bindings are `tenantId` and `poolId`. */
export const lockingPool = (lock: 'update' | 'share'): string =>
  `SELECT ${SELECT} FROM pools p WHERE p.tenant_id = :tenantId AND p.pool_id = :poolId AND p.deleted_at IS NULL
      FOR ${lock === 'update' ? 'NO KEY UPDATE' : 'SHARE'} OF p`;

/** The pool, held until the transaction ends: `update` against every other change, `share` against changes only. */
export async function lockPool(
  tx: Knex.Transaction,
  { tenantId, poolId }: PoolScope,
  lock: 'update' | 'share',
): Promise<Pool | undefined> {
  const { rows } = await tx.raw<{ rows: Pool[] }>(lockingPool(lock), { tenantId, poolId });
  return rows[0];
}

/** Throws the unique violation of `pools_name_unique`. */
export async function updatePool(
  tx: Knex.Transaction,
  scope: PoolScope,
  settings: PoolSettings,
): Promise<void> {
  await tx('pools')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId })
    .update({
      ...toRow<Partial<Pool>>(COLUMNS, settings),
      name_lc: settings.name.toLowerCase(),
      row_version: tx.raw('row_version + 1'),
      updated_at: tx.fn.now(),
    });
}

export type PoolFilter = {
  /** Only the pools that belong to this workspace. */
  readonly workspaceId?: string | undefined;
  /** Matches the id, or a part of the name in any case. */
  readonly searchPhrase?: string | undefined;
  readonly sort?: 'id' | 'name' | undefined;
  /** Only pools that have this label with this value. */
  readonly label?: { readonly key: string; readonly value: string } | undefined;
  /** Only pools that belong to this workspace, or are connected to it. */
  readonly connectedTo?: string | undefined;
  /** Only pools that a caller's roles let them see. */
  readonly reach?: PoolReach | undefined;
};

/** Every pool of the tenant, or those of some workspaces and some by themselves. */
export type PoolReach =
  | 'every_pool'
  | { readonly workspaceIds: readonly string[]; readonly poolIds: readonly string[] };

/** A page of pools, or undefined when the page is to begin at a pool that is not there. */
export async function listPools(
  executor: Knex,
  scope: { readonly tenantId: string },
  filter: PoolFilter,
  page: Page,
): Promise<CountedPool[] | undefined> {
  const cursor = page.after ?? page.before;
  const byName = filter.sort === 'name';
  let keys = cursor === undefined ? undefined : [cursor];
  if (byName && cursor !== undefined) {
    const row = await executor('pools')
      .where({ tenant_id: scope.tenantId, pool_id: cursor })
      .first<{ name_lc: string } | undefined>('name_lc');
    if (row === undefined) return undefined;
    keys = [row.name_lc, cursor];
  }
  const at = page.after === undefined ? { before: keys } : { after: keys };
  const { where, bindings, orderBy, arrange } = keyset(
    byName ? ['p.name_lc', 'p.pool_id'] : ['p.pool_id'],
    page,
    at,
  );
  const conditions = [where];
  const values: (string | readonly string[])[] = [scope.tenantId, ...bindings];
  if (filter.workspaceId !== undefined) {
    conditions.push('p.workspace_id = ?');
    values.push(filter.workspaceId);
  }
  if (filter.searchPhrase !== undefined) {
    const search = searchByName(
      SEARCHED,
      scope.tenantId,
      filter.searchPhrase,
      filter.searchPhrase.toLowerCase(),
    );
    conditions.push(search.where);
    values.push(...search.bindings);
  }
  if (filter.label !== undefined) {
    conditions.push('p.labels @> CAST(? AS jsonb)');
    values.push(JSON.stringify({ [filter.label.key]: filter.label.value }));
  }
  if (filter.connectedTo !== undefined) {
    conditions.push(`(p.workspace_id = ? OR EXISTS (SELECT FROM connections c WHERE c.tenant_id = p.tenant_id
                         AND c.pool_id = p.pool_id AND c.workspace_id = ?))`);
    values.push(filter.connectedTo, filter.connectedTo);
  }
  if (filter.reach !== undefined && filter.reach !== 'every_pool') {
    conditions.push('(p.workspace_id = ANY(?) OR p.pool_id = ANY(?))');
    values.push(filter.reach.workspaceIds, filter.reach.poolIds);
  }
  const { rows } = await executor.raw<{ rows: CountedPool[] }>(
    `SELECT ${COUNTED} FROM pools p ${COUNTS}
      WHERE p.tenant_id = ? AND p.deleted_at IS NULL AND ${conditions.join(' AND ')}
      ORDER BY ${orderBy} LIMIT ?`,
    [...values, page.limit] as string[],
  );
  return arrange(rows);
}

/** Marks a pool deleted: its name is free at once and nobody in it may sign in; `purge` removes the rows later. */
export async function markPoolDeleted(tx: Knex.Transaction, scope: PoolScope): Promise<void> {
  await tx('pools')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId })
    .update({ deleted_at: tx.fn.now(), workspace_id: null, row_version: tx.raw('row_version + 1') });
}

export async function poolIdsOfWorkspace(
  tx: Knex.Transaction,
  scope: { readonly tenantId: string; readonly workspaceId: string },
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: { id: string }[] }>(
    `SELECT pool_id AS id FROM pools WHERE tenant_id = ? AND workspace_id = ? AND deleted_at IS NULL
      ORDER BY pool_id FOR NO KEY UPDATE`,
    [scope.tenantId, scope.workspaceId],
  );
  return rows.map((row) => row.id);
}

// Enough that 50 registrations at once seldom meet on one row.
const COUNT_SHARDS = 16;
export const randomShard = (): number => randomInt(COUNT_SHARDS);

/** Takes one person off a pool's count, in the transaction that removes them. */
export async function countUserRemoved(
  tx: Knex.Transaction,
  scope: PoolScope,
  userType: 'standard' | 'jit',
): Promise<void> {
  const column = userType === 'jit' ? 'jit_users' : 'standard_users';
  await tx.raw(
    `INSERT INTO pool_user_counts AS c (tenant_id, pool_id, shard, ${column}) VALUES (?, ?, ?, -1)
     ON CONFLICT (tenant_id, pool_id, shard) DO UPDATE SET ${column} = c.${column} - 1`,
    [scope.tenantId, scope.poolId, randomShard()],
  );
}
