import type { Knex } from 'knex';
import type { Level } from './permissions.ts';
import type { RoleGrant, SubjectType } from './role.ts';

const toRow = (scope: { readonly tenantId: string }, grant: RoleGrant) => ({
  tenant_id: scope.tenantId,
  resource_type: grant.resourceType,
  resource_id: grant.resourceId,
  role: grant.role,
  subject_type: grant.subjectType,
  subject_id: grant.subjectId,
});

/** False when it was granted before. */
export async function insertGrant(
  tx: Knex.Transaction,
  scope: { readonly tenantId: string },
  grant: RoleGrant,
): Promise<boolean> {
  const rows: unknown[] = await tx('role_grants')
    .insert(toRow(scope, grant))
    .onConflict()
    .ignore()
    .returning('role');
  return rows.length > 0;
}

/** False when there was nothing to revoke. */
export async function deleteGrant(
  tx: Knex.Transaction,
  scope: { readonly tenantId: string },
  grant: RoleGrant,
): Promise<boolean> {
  return (await tx('role_grants').where(toRow(scope, grant)).del()) > 0;
}

/** Whether the subject exists, held against deletion until the transaction ends. */
export async function lockSubject(
  tx: Knex.Transaction,
  scope: { readonly tenantId: string },
  subject: { readonly type: SubjectType; readonly id: string; readonly poolId?: string | undefined },
): Promise<boolean> {
  const { rows } =
    subject.type === 'client'
      ? await tx.raw<{ rows: unknown[] }>(
          `SELECT FROM clients WHERE tenant_id = ? AND client_id = ? AND workspace_id = 'admin' FOR SHARE`,
          [scope.tenantId, subject.id],
        )
      : await tx.raw<{ rows: unknown[] }>(
          `SELECT FROM users WHERE tenant_id = ? AND user_id = ? AND pool_id = coalesce(?, pool_id) FOR SHARE`,
          [scope.tenantId, subject.id, subject.poolId ?? null] as string[],
        );
  return rows.length > 0;
}

export type SubjectRoles = {
  readonly subjectType: SubjectType;
  readonly subjectId: string;
  /** The pool of a person. */
  readonly poolId: string | null;
  readonly roles: readonly { readonly level: Level; readonly role: string }[];
};

// Administrators are few; the contract does not page them.
const MAX_SUBJECTS = 1000;

/** Everyone with a role at the tenant itself or the installation (`tenant`), at one workspace, or at one pool. */
export async function listGrants(
  executor: Knex,
  scope: { readonly tenantId: string },
  at: RolesAt,
): Promise<SubjectRoles[]> {
  const where =
    at.level === 'tenant' ? `g.resource_type IN ('system', 'tenant')` : 'g.resource_type = :level';
  const { rows } = await executor.raw<{ rows: SubjectRoles[] }>(
    `SELECT g.subject_type AS "subjectType", g.subject_id AS "subjectId", u.pool_id AS "poolId",
            json_agg(json_build_object('level', g.resource_type, 'role', g.role) ORDER BY g.role) AS roles
       FROM role_grants g
       LEFT JOIN users u ON u.tenant_id = g.tenant_id AND u.user_id = g.subject_id
            AND g.subject_type = 'identity_pool_user'
      WHERE g.tenant_id = :tenantId AND ${where} AND g.resource_id = :id
      GROUP BY g.subject_type, g.subject_id, u.pool_id ORDER BY g.subject_type, g.subject_id LIMIT :limit`,
    { tenantId: scope.tenantId, level: at.level, id: at.id, limit: MAX_SUBJECTS },
  );
  return rows;
}

/** Where roles are held. `id` is '' for the tenant. */
export type RolesAt = { readonly level: 'tenant' | 'workspace' | 'identity_pool'; readonly id: string };

/** Whether a workspace or pool is there, held against deletion until the transaction ends. */
export async function lockResource(
  tx: Knex.Transaction,
  scope: { readonly tenantId: string },
  { level, id }: RolesAt,
): Promise<boolean> {
  if (level === 'tenant') return true;
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    level === 'workspace'
      ? 'SELECT FROM workspaces WHERE tenant_id = ? AND workspace_id = ? FOR KEY SHARE'
      : 'SELECT FROM pools WHERE tenant_id = ? AND pool_id = ? AND deleted_at IS NULL FOR SHARE',
    [scope.tenantId, id],
  );
  return rows.length > 0;
}

export async function resourceExists(
  executor: Knex,
  scope: { readonly tenantId: string },
  { level, id }: RolesAt,
): Promise<boolean> {
  if (level === 'tenant') return true;
  const rows: unknown[] =
    level === 'workspace'
      ? await executor('workspaces')
          .where({ tenant_id: scope.tenantId, workspace_id: id })
          .select('tenant_id')
      : await executor('pools')
          .where({ tenant_id: scope.tenantId, pool_id: id, deleted_at: null })
          .select('tenant_id');
  return rows.length > 0;
}

export type HeldRole = { readonly level: Level; readonly resourceId: string; readonly role: string };

/** Every role of a person, or undefined when they are not in the pool. */
export async function listRolesOfUser(
  executor: Knex,
  scope: { readonly tenantId: string; readonly poolId: string; readonly userId: string },
): Promise<HeldRole[] | undefined> {
  const { rows } = await executor.raw<{ rows: { roles: HeldRole[] }[] }>(
    `SELECT coalesce((SELECT json_agg(json_build_object('level', g.resource_type, 'resourceId', g.resource_id,
                'role', g.role) ORDER BY g.resource_type, g.resource_id, g.role)
              FROM role_grants g WHERE g.tenant_id = u.tenant_id AND g.subject_type = 'identity_pool_user'
               AND g.subject_id = u.user_id), '[]') AS roles
       FROM users u JOIN pools p USING (tenant_id, pool_id)
      WHERE u.tenant_id = :tenantId AND u.pool_id = :poolId AND u.user_id = :userId AND p.deleted_at IS NULL`,
    scope,
  );
  return rows[0]?.roles;
}
