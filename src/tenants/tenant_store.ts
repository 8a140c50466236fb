import type { Knex } from 'knex';
import { json, selection, toRow, type Columns } from '../db/columns.ts';
import { keyset, type Page } from '../db/keyset.ts';
import type { Tenant, TenantSettings } from './tenant.ts';

type Scope = { readonly tenantId: string };

const COLUMNS: Columns<Tenant> = {
  id: 'tenant_id',
  name: 'name',
  settings: json('settings'),
  styling: json('styling'),
  metadata: json('metadata'),
  rowVersion: 'row_version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
const SELECT = selection(COLUMNS, 't');

/** Throws the unique violation of `tenants_pkey`. */
export async function insertTenant(
  tx: Knex.Transaction,
  scope: Scope,
  settings: TenantSettings,
): Promise<void> {
  await tx('tenants').insert(toRow<Partial<Tenant>>(COLUMNS, { ...settings, id: scope.tenantId }));
}

export async function findTenant(executor: Knex, scope: Scope): Promise<Tenant | undefined> {
  const { rows } = await executor.raw<{ rows: Tenant[] }>(
    `SELECT ${SELECT} FROM tenants t WHERE t.tenant_id = ?`,
    [scope.tenantId],
  );
  return rows[0];
}

/** The tenant, held until the transaction ends: `delete` also against everything that would belong to it. */
export async function lockTenant(
  tx: Knex.Transaction,
  scope: Scope,
  lock: 'update' | 'delete',
): Promise<Tenant | undefined> {
  const { rows } = await tx.raw<{ rows: Tenant[] }>(
    `SELECT ${SELECT} FROM tenants t WHERE t.tenant_id = ? FOR ${lock === 'update' ? 'NO KEY UPDATE' : 'UPDATE'}`,
    [scope.tenantId],
  );
  return rows[0];
}

export async function listTenants(executor: Knex, page: Page): Promise<Tenant[]> {
  const { where, bindings, orderBy, arrange } = keyset(['t.tenant_id'], page);
  const { rows } = await executor.raw<{ rows: Tenant[] }>(
    `SELECT ${SELECT} FROM tenants t WHERE ${where} ORDER BY ${orderBy} LIMIT ?`,
    [...bindings, page.limit],
  );
  return arrange(rows);
}

export async function updateTenant(
  tx: Knex.Transaction,
  scope: Scope,
  settings: TenantSettings,
): Promise<void> {
  await tx('tenants')
    .where({ tenant_id: scope.tenantId })
    .update({
      ...toRow<Partial<Tenant>>(COLUMNS, settings),
      row_version: tx.raw('row_version + 1'),
      updated_at: tx.fn.now(),
    });
}

/** Ends everything that anyone can do in a tenant: no workspace, no connection, no pool is left. */
export async function closeTenant(tx: Knex.Transaction, scope: Scope): Promise<void> {
  const key = { tenant_id: scope.tenantId };
  await tx('role_grants').where(key).del();
  await tx('connections').where(key).del();
  await tx('pools')
    .where(key)
    .update({ deleted_at: tx.raw('coalesce(deleted_at, now())'), workspace_id: null });
  await tx('workspaces').where(key).del();
}

export async function poolIdsOfTenant(executor: Knex, scope: Scope): Promise<string[]> {
  return executor('pools').where({ tenant_id: scope.tenantId }).orderBy('pool_id').pluck('pool_id');
}

/** Removes the tenant's row and what hangs from it. Its pools must be gone before. */
export async function deleteTenant(tx: Knex.Transaction, scope: Scope): Promise<void> {
  await tx('tenants').where({ tenant_id: scope.tenantId }).del();
}
