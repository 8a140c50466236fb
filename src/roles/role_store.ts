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

/** Everyone with a role at the tenant itself, or at the installation. */
export async function listTenantGrants(
  executor: Knex,
  scope: { readonly tenantId: string },
): Promise<SubjectRoles[]> {
  const { rows } = await executor.raw<{ rows: SubjectRoles[] }>(
    `SELECT g.subject_type AS "subjectType", g.subject_id AS "subjectId", u.pool_id AS "poolId",
            json_agg(json_build_object('level', g.resource_type, 'role', g.role) ORDER BY g.role) AS roles
       FROM role_grants g
       LEFT JOIN users u ON u.tenant_id = g.tenant_id AND u.user_id = g.subject_id
            AND g.subject_type = 'identity_pool_user'
      WHERE g.tenant_id = ? AND g.resource_type IN ('system', 'tenant')
      GROUP BY g.subject_type, g.subject_id, u.pool_id ORDER BY g.subject_type, g.subject_id LIMIT ?`,
    [scope.tenantId, MAX_SUBJECTS],
  );
  return rows;
}

/** What a request is about, as its path says. */
export type Resource =
  | { readonly type: 'system' }
  | { readonly type: 'tenant' }
  | { readonly type: 'workspace'; readonly workspaceId: string }
  | { readonly type: 'pool'; readonly poolId: string }
  | { readonly type: 'user'; readonly poolId: string; readonly userId: string }
  | { readonly type: 'client'; readonly clientId: string };

export type AuthorityFacts = {
  readonly grants: readonly { readonly level: Level; readonly id: string; readonly role: string }[];
  /** The workspace the resource belongs to, if any. */
  readonly workspaceId: string | null;
  /** Only an administrator of the tenant may change it: whoever could would become one. */
  readonly guarded: boolean;
};

/** The roles of a subject, and what decides over a resource, in one statement. */
export async function readAuthority(
  executor: Knex,
  scope: { readonly tenantId: string },
  subject: { readonly type: SubjectType; readonly id: string },
  resource: Resource,
): Promise<AuthorityFacts> {
  const about = describe(scope.tenantId, resource);
  const { rows } = await executor.raw<{ rows: AuthorityFacts[] }>(
    `SELECT r.workspace_id AS "workspaceId", coalesce(r.guarded, false) AS guarded,
            coalesce((SELECT json_agg(json_build_object('level', resource_type, 'id', resource_id, 'role', role))
                        FROM role_grants WHERE tenant_id = ? AND subject_type = ? AND subject_id = ?), '[]') AS grants
       FROM (SELECT 1) one LEFT JOIN (${about.sql}) r ON true`,
    [scope.tenantId, subject.type, subject.id, ...about.bindings],
  );
  return rows[0] ?? { grants: [], workspaceId: null, guarded: false };
}

function describe(tenantId: string, resource: Resource): { sql: string; bindings: string[] } {
  const holdsRoles = (type: SubjectType, id: string) =>
    `EXISTS (SELECT FROM role_grants h WHERE h.tenant_id = x.tenant_id AND h.subject_type = '${type}'
                AND h.subject_id = ${id})`;
  if (resource.type === 'workspace') {
    return {
      sql: `SELECT x.workspace_id, x.type IN ('admin', 'system') AS guarded FROM workspaces x
             WHERE x.tenant_id = ? AND x.workspace_id = ?`,
      bindings: [tenantId, resource.workspaceId],
    };
  }
  if (resource.type === 'pool') {
    return {
      sql: `SELECT x.workspace_id, x.system AS guarded FROM pools x WHERE x.tenant_id = ? AND x.pool_id = ?`,
      bindings: [tenantId, resource.poolId],
    };
  }
  if (resource.type === 'user') {
    return {
      sql: `SELECT x.workspace_id, x.system OR ${holdsRoles('identity_pool_user', '?')} AS guarded
              FROM pools x WHERE x.tenant_id = ? AND x.pool_id = ?`,
      bindings: [resource.userId, tenantId, resource.poolId],
    };
  }
  if (resource.type === 'client') {
    return {
      sql: `SELECT x.workspace_id, w.type IN ('admin', 'system') OR ${holdsRoles('client', 'x.client_id')} AS guarded
              FROM clients x JOIN workspaces w USING (tenant_id, workspace_id)
             WHERE x.tenant_id = ? AND x.client_id = ?`,
      bindings: [tenantId, resource.clientId],
    };
  }
  return { sql: 'SELECT NULL::text AS workspace_id, false AS guarded', bindings: [] };
}
