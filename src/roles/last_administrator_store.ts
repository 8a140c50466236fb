import type { Knex } from 'knex';

/** Lets one change after the other through that could take a tenant its last administrator. */
export async function lockAdministrators(tx: Knex.Transaction, tenantId: string): Promise<void> {
  await tx.raw('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [`administrators:${tenantId}`]);
}

/**
 * Whether a person with the tenant role `admin` can sign in to the tenant's `admin` workspace, as the sign-in
 * decides it: with a password that is good as it is, through an enabled connection, by mechanisms that are open.
 */
export async function hasAdministrator(tx: Knex.Transaction, tenantId: string): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: { present: boolean }[] }>(
    `SELECT EXISTS (
       SELECT FROM role_grants g
         JOIN users u ON u.tenant_id = g.tenant_id AND u.user_id = g.subject_id AND u.status = 'active'
         JOIN pools p ON p.tenant_id = u.tenant_id AND p.pool_id = u.pool_id AND p.deleted_at IS NULL
              AND 'password' = ANY(p.authentication_mechanisms)
         JOIN connections c ON c.tenant_id = u.tenant_id AND c.pool_id = u.pool_id
              AND c.workspace_id = 'admin' AND NOT c.disabled
         JOIN workspaces w ON w.tenant_id = c.tenant_id AND w.workspace_id = c.workspace_id
              AND 'password' = ANY(w.authentication_mechanisms) AND 'authorization_code' = ANY(w.grant_types)
         JOIN credentials k ON k.tenant_id = u.tenant_id AND k.pool_id = u.pool_id AND k.user_id = u.user_id
              AND k.type = 'password' AND k.state = 'valid'
              AND (k.expires_at IS NULL OR k.expires_at > now())
        WHERE g.tenant_id = ? AND g.resource_type = 'tenant' AND g.role = 'admin'
          AND g.subject_type = 'identity_pool_user'
          AND EXISTS (SELECT FROM identifiers i WHERE i.tenant_id = u.tenant_id AND i.pool_id = u.pool_id
                         AND i.user_id = u.user_id)) AS present`,
    [tenantId],
  );
  return rows[0]?.present === true;
}
