import type { Knex } from 'knex';
import type { PoolScope } from '../pools/pool.ts';
import type { UserScope } from './user.ts';
import type { KnownUser, LookupKeys } from './user_key.ts';

const NAMED = `
  SELECT u.user_id FROM users u
   WHERE u.tenant_id = :tenantId AND u.pool_id = :poolId AND u.user_id = :userId
  UNION SELECT i.user_id FROM identifiers i
   WHERE i.tenant_id = :tenantId AND i.pool_id = :poolId AND i.lookup_key = :identifierKey
  UNION SELECT a.user_id FROM verifiable_addresses a
   WHERE a.tenant_id = :tenantId AND a.pool_id = :poolId AND a.lookup_key = :provenAddressKey
     AND a.verified AND a.status = 'active'`;

const KNOWN = `u.user_id AS "userId", u.status, u.payload, u.payload_schema_id AS "payloadSchemaId",
  EXISTS (SELECT FROM credentials c WHERE c.tenant_id = u.tenant_id AND c.pool_id = u.pool_id
             AND c.user_id = u.user_id AND c.type = 'password') AS "passwordSet",
  coalesce((SELECT json_agg(json_build_object('identifier', i.identifier, 'lookupKey', i.lookup_key))
    FROM identifiers i WHERE i.tenant_id = u.tenant_id AND i.pool_id = u.pool_id AND i.user_id = u.user_id),
    '[]') AS identifiers,
  coalesce((SELECT json_agg(json_build_object('id', a.address_id, 'type', a.type, 'address', a.address,
      'verified', a.verified, 'status', a.status, 'lookupKey', a.lookup_key)
      ORDER BY a.verified DESC, a.created_at, a.address_id)
    FROM verifiable_addresses a
   WHERE a.tenant_id = u.tenant_id AND a.pool_id = u.pool_id AND a.user_id = u.user_id), '[]') AS addresses`;

const FROM_USERS = `FROM users u
  JOIN pools p ON p.tenant_id = u.tenant_id AND p.pool_id = u.pool_id AND p.deleted_at IS NULL`;

/** The person that a key names, in one statement whichever way they are named and whether or not they exist. */
export async function findKnownUser(
  executor: Knex,
  scope: PoolScope,
  { userId, identifierKey, provenAddressKey }: LookupKeys,
): Promise<KnownUser | undefined> {
  const { rows } = await executor.raw<{ rows: KnownUser[] }>(
    `SELECT ${KNOWN} ${FROM_USERS} WHERE u.tenant_id = :tenantId AND u.user_id = (${NAMED})`,
    { tenantId: scope.tenantId, poolId: scope.poolId, userId, identifierKey, provenAddressKey },
  );
  return rows[0];
}

/** The person with their data, held until the transaction ends: what was read before may have changed. */
export async function lockKnownUser(
  tx: Knex.Transaction,
  scope: PoolScope,
  userId: string,
): Promise<KnownUser | undefined> {
  const { rows } = await tx.raw<{ rows: KnownUser[] }>(
    `SELECT ${KNOWN} ${FROM_USERS}
      WHERE u.tenant_id = :tenantId AND u.pool_id = :poolId AND u.user_id = :userId FOR UPDATE OF u`,
    { tenantId: scope.tenantId, poolId: scope.poolId, userId },
  );
  return rows[0];
}

/** Whose living code an id names, for the long form that needs no other key. */
export async function findCodeOwner(
  executor: Knex,
  tenantId: string,
  codeId: string,
): Promise<{ readonly poolId: string; readonly userId: string } | undefined> {
  const { rows } = await executor.raw<{ rows: { poolId: string; userId: string }[] }>(
    `SELECT pool_id AS "poolId", user_id AS "userId" FROM codes
      WHERE tenant_id = ? AND code_id = ? AND expires_at > now()`,
    [tenantId, codeId],
  );
  return rows[0];
}

/** Whether an address is proven by somebody else, or somebody else's sign-in name: then nobody can claim it. */
export async function isProvenByAnother(
  executor: Knex,
  { tenantId, poolId, userId }: UserScope,
  addressKey: string,
): Promise<boolean> {
  const { rows } = await executor.raw<{ rows: { taken: boolean }[] }>(
    `SELECT EXISTS (SELECT FROM verifiable_addresses a WHERE a.tenant_id = :tenantId AND a.pool_id = :poolId
                       AND a.verified AND a.lookup_key = :addressKey AND a.user_id <> :userId)
         OR EXISTS (SELECT FROM identifiers i WHERE i.tenant_id = :tenantId AND i.pool_id = :poolId
                       AND i.identifier_lc = :addressKey AND i.user_id <> :userId) AS taken`,
    { tenantId, poolId, userId, addressKey },
  );
  return rows[0]?.taken === true;
}
