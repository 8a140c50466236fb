import type { Knex } from 'knex';
import { builtInOf } from '../access/built_in_scopes.ts';
import type { Level } from './permissions.ts';
import type { SubjectType } from './role.ts';

/** What a request is about, as its path or its body says. */
export type Resource =
  | { readonly type: 'system' }
  | { readonly type: 'tenant' }
  | { readonly type: 'workspace'; readonly workspaceId: string }
  | { readonly type: 'pool'; readonly poolId: string }
  | { readonly type: 'user'; readonly poolId: string; readonly userId: string }
  | { readonly type: 'client'; readonly clientId: string }
  | { readonly type: 'scope'; readonly scopeId: string }
  | { readonly type: 'api'; readonly apiId: string }
  | { readonly type: 'schema'; readonly schemaId: string }
  | { readonly type: 'claim'; readonly claimId: string }
  /** The roles of a person or a client. */
  | { readonly type: 'roles_of'; readonly subjectType: SubjectType; readonly subjectId: string };

export type AuthorityFacts = {
  readonly grants: readonly { readonly level: Level; readonly id: string; readonly role: string }[];
  /** Whether the resource is there; what is not a workspace, a pool or in one always is. */
  readonly exists: boolean;
  /** The workspace the resource belongs to, if any. */
  readonly workspaceId: string | null;
  /** Whether it is part of what every tenant is administered with. */
  readonly builtIn: boolean;
  /** Whether it is somebody who holds a role, or holds somebody who does. */
  readonly holdsRoles: boolean;
  /** The same for a role at the installation. */
  readonly holdsSystemRoles: boolean;
};

/** The roles of a subject, and what decides over a resource, in one statement. */
export async function readAuthority(
  executor: Knex,
  scope: { readonly tenantId: string },
  subject: { readonly type: SubjectType; readonly id: string },
  resource: Resource,
): Promise<AuthorityFacts> {
  const about = describe(resource);
  const { rows } = await executor.raw<{ rows: AuthorityFacts[] }>(
    `SELECT r.workspace_id AS "workspaceId", coalesce(r.built_in, false) AS "builtIn",
            r.built_in IS NOT NULL AS "exists",
            coalesce(held.any_role, false) AS "holdsRoles", coalesce(held.system_role, false) AS "holdsSystemRoles",
            coalesce((SELECT json_agg(json_build_object('level', resource_type, 'id', resource_id, 'role', role))
                        FROM role_grants WHERE tenant_id = :tenantId AND subject_type = :subjectType
                         AND subject_id = :subjectId), '[]') AS grants
       FROM (SELECT 1) one
       LEFT JOIN (${about.sql}) r ON true
       LEFT JOIN LATERAL (
         SELECT true AS any_role, bool_or(h.resource_type = 'system') AS system_role FROM role_grants h
          WHERE h.tenant_id = :tenantId AND (${about.holders}) HAVING count(*) > 0) held ON true`,
    { tenantId: scope.tenantId, subjectType: subject.type, subjectId: subject.id, ...about.bindings },
  );
  return (
    rows[0] ?? {
      grants: [],
      exists: false,
      workspaceId: null,
      builtIn: false,
      holdsRoles: false,
      holdsSystemRoles: false,
    }
  );
}

const IS_USER = `h.subject_type = 'identity_pool_user'`;
const IS_CLIENT = `h.subject_type = 'client'`;
const BUILT_IN_WORKSPACE = `w.type IN ('admin', 'system')`;

/** SQL of the resource's row, and of who is meant by it among the grants `h`. */
function describe(resource: Resource): {
  sql: string;
  holders: string;
  bindings: Record<string, string>;
} {
  switch (resource.type) {
    case 'workspace':
      return {
        sql: `SELECT w.workspace_id, ${BUILT_IN_WORKSPACE} AS built_in FROM workspaces w
               WHERE w.tenant_id = :tenantId AND w.workspace_id = :workspaceId`,
        holders: `${IS_USER} AND EXISTS (
            SELECT FROM users u JOIN pools p USING (tenant_id, pool_id)
             WHERE u.tenant_id = h.tenant_id AND u.user_id = h.subject_id AND p.workspace_id = :workspaceId)
          OR ${IS_CLIENT} AND EXISTS (
            SELECT FROM clients c WHERE c.tenant_id = h.tenant_id AND c.client_id = h.subject_id
               AND c.workspace_id = :workspaceId)`,
        bindings: { workspaceId: resource.workspaceId },
      };
    case 'pool':
      return {
        sql: POOL,
        holders: `${IS_USER} AND EXISTS (
            SELECT FROM users u WHERE u.tenant_id = h.tenant_id AND u.user_id = h.subject_id
               AND u.pool_id = :poolId)`,
        bindings: { poolId: resource.poolId },
      };
    case 'user':
      return {
        sql: POOL,
        holders: `${IS_USER} AND h.subject_id = :heldBy`,
        bindings: { poolId: resource.poolId, heldBy: resource.userId },
      };
    case 'client':
      return {
        sql: `SELECT c.workspace_id, ${BUILT_IN_WORKSPACE} AS built_in
                FROM clients c JOIN workspaces w USING (tenant_id, workspace_id)
               WHERE c.tenant_id = :tenantId AND c.client_id = :heldBy`,
        holders: `${IS_CLIENT} AND h.subject_id = :heldBy`,
        bindings: { heldBy: resource.clientId },
      };
    case 'claim':
      return {
        sql: `SELECT k.workspace_id, ${BUILT_IN_WORKSPACE} AS built_in
                FROM claims k JOIN workspaces w USING (tenant_id, workspace_id)
               WHERE k.tenant_id = :tenantId AND k.claim_id = :claimId`,
        holders: 'false',
        bindings: { claimId: resource.claimId },
      };
    case 'schema':
      return { sql: SCHEMA, holders: 'false', bindings: { schemaId: resource.schemaId } };
    case 'scope': {
      // Built-in scopes have no row: their id names the workspace.
      const workspaceId = builtInOf(resource.scopeId)?.workspaceId ?? '';
      return {
        sql: `SELECT w.workspace_id, ${BUILT_IN_WORKSPACE} AS built_in FROM workspaces w
               WHERE w.tenant_id = :tenantId AND w.workspace_id = coalesce((
                 SELECT s.workspace_id FROM scopes s
                  WHERE s.tenant_id = :tenantId AND s.scope_id = :scopeId), :workspaceId)`,
        holders: 'false',
        bindings: { scopeId: resource.scopeId, workspaceId },
      };
    }
    case 'api':
      return {
        sql: `SELECT a.workspace_id, ${BUILT_IN_WORKSPACE} AS built_in
                FROM apis a JOIN workspaces w USING (tenant_id, workspace_id)
               WHERE a.tenant_id = :tenantId AND a.api_id = :apiId`,
        holders: 'false',
        bindings: { apiId: resource.apiId },
      };
    case 'roles_of':
      return {
        sql: NOWHERE,
        holders: 'h.subject_type = :heldByType AND h.subject_id = :heldBy',
        bindings: { heldByType: resource.subjectType, heldBy: resource.subjectId },
      };
    case 'system':
    case 'tenant':
      return { sql: NOWHERE, holders: 'false', bindings: {} };
  }
}

const POOL = `SELECT p.workspace_id, p.system AS built_in FROM pools p
               WHERE p.tenant_id = :tenantId AND p.pool_id = :poolId AND p.deleted_at IS NULL`;
// Part of what a tenant is administered with while its administrators follow it. One of the system never changes.
const SCHEMA = `SELECT NULL::text AS workspace_id, EXISTS (
    SELECT FROM schemas s WHERE s.tenant_id = :tenantId AND s.schema_id = :schemaId AND NOT s.system
  ) AND EXISTS (
    SELECT FROM pools p WHERE p.tenant_id = :tenantId AND p.system AND p.deleted_at IS NULL
       AND (:schemaId IN (p.payload_schema_id, p.metadata_schema_id, p.business_metadata_schema_id)
         OR EXISTS (SELECT FROM users u WHERE u.tenant_id = p.tenant_id AND u.pool_id = p.pool_id
              AND :schemaId IN (u.payload_schema_id, u.metadata_schema_id, u.business_metadata_schema_id)))
  ) AS built_in`;
const NOWHERE = 'SELECT NULL::text AS workspace_id, false AS built_in';
