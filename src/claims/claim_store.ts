import type { Knex } from 'knex';
import { selection, toRow, type Columns } from '../db/columns.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';
import { MAX_CLAIMS, type Claim, type ClaimScope, type ClaimSettings } from './claim.ts';

const COLUMNS: Columns<Claim> = {
  tenantId: 'tenant_id',
  workspaceId: 'workspace_id',
  id: 'claim_id',
  name: 'name',
  type: 'type',
  sourceType: 'source_type',
  sourcePath: 'source_path',
  scopes: 'scopes',
  opaque: 'opaque',
  description: 'description',
  rowVersion: 'row_version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
const SELECT = selection(COLUMNS, 'c');
const keyOf = (scope: ClaimScope) => ({ tenant_id: scope.tenantId, claim_id: scope.claimId });

export type NewClaim = ClaimSettings & Pick<Claim, 'tenantId' | 'workspaceId' | 'id'>;

/** Throws the unique violations of `claims_pkey` and `claims_one_per_name`. */
export async function insertClaim(tx: Knex.Transaction, claim: NewClaim): Promise<void> {
  await tx('claims').insert(toRow(COLUMNS, claim));
}

export async function findClaim(executor: Knex, scope: ClaimScope): Promise<Claim | undefined> {
  const { rows } = await executor.raw<{ rows: Claim[] }>(
    `SELECT ${SELECT} FROM claims c WHERE c.tenant_id = ? AND c.claim_id = ?`,
    [scope.tenantId, scope.claimId],
  );
  return rows[0];
}

/** The claim, held against every other change until the transaction ends. */
export async function lockClaim(tx: Knex.Transaction, scope: ClaimScope): Promise<Claim | undefined> {
  const { rows } = await tx.raw<{ rows: Claim[] }>(
    `SELECT ${SELECT} FROM claims c WHERE c.tenant_id = ? AND c.claim_id = ? FOR UPDATE`,
    [scope.tenantId, scope.claimId],
  );
  return rows[0];
}

/** Throws the unique violation of `claims_one_per_name`. */
export async function updateClaim(
  tx: Knex.Transaction,
  scope: ClaimScope,
  settings: ClaimSettings,
): Promise<void> {
  await tx('claims')
    .where(keyOf(scope))
    .update({
      ...toRow<Partial<Claim>>(COLUMNS, settings),
      row_version: tx.raw('row_version + 1'),
      updated_at: tx.fn.now(),
    });
}

export async function deleteClaim(tx: Knex.Transaction, scope: ClaimScope): Promise<void> {
  await tx('claims').where(keyOf(scope)).del();
}

export async function listClaims(executor: Knex, scope: WorkspaceScope): Promise<Claim[]> {
  const { rows } = await executor.raw<{ rows: Claim[] }>(
    `SELECT ${SELECT} FROM claims c WHERE c.tenant_id = ? AND c.workspace_id = ?
      ORDER BY c.name, c.type LIMIT ?`,
    [scope.tenantId, scope.workspaceId, MAX_CLAIMS],
  );
  return rows;
}

export async function countClaims(executor: Knex, scope: WorkspaceScope): Promise<number> {
  const { rows } = await executor.raw<{ rows: { count: number }[] }>(
    'SELECT count(*)::int AS count FROM claims WHERE tenant_id = ? AND workspace_id = ?',
    [scope.tenantId, scope.workspaceId],
  );
  return rows[0]?.count ?? 0;
}
