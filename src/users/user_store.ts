import type { Knex } from 'knex';
import { json, selection, toRow, type Columns } from '../db/columns.ts';
import { randomShard } from '../pools/pool_store.ts';
import type { PoolScope } from '../pools/pool.ts';
import type { HashedPassword } from './new_password.ts';
import type { FullUser, KeyedAddress, KeyedIdentifier, User, UserData, UserScope } from './user.ts';

const COLUMNS: Columns<User> = {
  tenantId: 'tenant_id',
  poolId: 'pool_id',
  id: 'user_id',
  status: 'status',
  statusUpdatedAt: 'status_updated_at',
  userType: 'user_type',
  payload: json('payload'),
  metadata: json('metadata'),
  businessMetadata: json('business_metadata'),
  payloadSchemaId: 'payload_schema_id',
  metadataSchemaId: 'metadata_schema_id',
  businessMetadataSchemaId: 'business_metadata_schema_id',
  rowVersion: 'row_version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
export const SELECT_USER = selection(COLUMNS, 'u');

const FULL = `${SELECT_USER},
  coalesce((SELECT json_agg(json_build_object('id', i.identifier_id, 'type', i.type, 'identifier', i.identifier,
      'identifierLc', i.identifier_lc, 'metadata', i.metadata, 'createdAt', i.created_at, 'updatedAt', i.updated_at)
      ORDER BY i.created_at, i.identifier_id)
    FROM identifiers i WHERE i.tenant_id = u.tenant_id AND i.pool_id = u.pool_id AND i.user_id = u.user_id),
    '[]') AS identifiers,
  coalesce((SELECT json_agg(json_build_object('id', a.address_id, 'type', a.type, 'address', a.address,
      'addressLc', a.address_lc, 'verified', a.verified, 'verifiedAt', a.verified_at, 'status', a.status,
      'preferredContactMethod', a.preferred_contact_method, 'metadata', a.metadata, 'createdAt', a.created_at,
      'updatedAt', a.updated_at) ORDER BY a.created_at, a.address_id)
    FROM verifiable_addresses a
   WHERE a.tenant_id = u.tenant_id AND a.pool_id = u.pool_id AND a.user_id = u.user_id), '[]') AS addresses,
  coalesce((SELECT json_agg(json_build_object('id', c.credential_id, 'type', c.type, 'state', c.state,
      'expiresAt', c.expires_at, 'createdAt', c.created_at, 'updatedAt', c.updated_at)
      ORDER BY c.created_at, c.credential_id)
    FROM credentials c WHERE c.tenant_id = u.tenant_id AND c.pool_id = u.pool_id AND c.user_id = u.user_id),
    '[]') AS credentials`;

// A user of a pool that is being deleted is gone already.
const IN_LIVING_POOL = `JOIN pools p ON p.tenant_id = u.tenant_id AND p.pool_id = u.pool_id AND p.deleted_at IS NULL`;

export async function findUser(executor: Knex, scope: UserScope): Promise<FullUser | undefined> {
  const { rows } = await executor.raw<{ rows: FullUser[] }>(
    `SELECT ${FULL} FROM users u ${IN_LIVING_POOL} WHERE u.tenant_id = ? AND u.pool_id = ? AND u.user_id = ?`,
    [scope.tenantId, scope.poolId, scope.userId],
  );
  return rows[0];
}

/** The user, held against every other change until the transaction ends, and whether they administer anything. */
export async function lockUser(
  tx: Knex.Transaction,
  scope: UserScope,
): Promise<(User & { readonly hasRoles: boolean }) | undefined> {
  const { rows } = await tx.raw<{ rows: (User & { hasRoles: boolean })[] }>(
    `SELECT ${SELECT_USER}, EXISTS (SELECT FROM role_grants g WHERE g.tenant_id = u.tenant_id
            AND g.subject_type = 'identity_pool_user' AND g.subject_id = u.user_id) AS "hasRoles"
       FROM users u ${IN_LIVING_POOL}
      WHERE u.tenant_id = ? AND u.pool_id = ? AND u.user_id = ? FOR UPDATE OF u`,
    [scope.tenantId, scope.poolId, scope.userId],
  );
  return rows[0];
}

export type NewUserRows = {
  readonly scope: UserScope;
  readonly data: UserData;
  readonly identifiers: readonly (KeyedIdentifier & { readonly id: string })[];
  readonly addresses: readonly (KeyedAddress & { readonly id: string })[];
  readonly password: (HashedPassword & { readonly id: string }) | undefined;
};

/**
 * Holds the names that a new user claims, so that nobody claims one of them at the same moment as an identifier
 * and as a verified address: two tables have no common unique index.
 */
export async function lockNames(
  tx: Knex.Transaction,
  scope: PoolScope,
  keys: readonly string[],
): Promise<void> {
  await tx.raw(`SELECT pg_advisory_xact_lock(hashtextextended(k, 0)) FROM unnest(?::text[]) AS k`, [
    [...new Set(keys)].sort().map((key) => `name:${scope.tenantId}/${scope.poolId}/${key}`),
  ]);
}

/** Whether a name is someone's identifier while it is to become a verified address, or the other way round. */
export async function isNameTaken(
  tx: Knex.Transaction,
  scope: PoolScope,
  names: { readonly identifiers: readonly string[]; readonly verifiedAddresses: readonly string[] },
): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: { taken: boolean }[] }>(
    `SELECT EXISTS (SELECT FROM verifiable_addresses a WHERE a.tenant_id = :tenantId AND a.pool_id = :poolId
                       AND a.verified AND a.lookup_key = ANY(:identifiers))
         OR EXISTS (SELECT FROM identifiers i WHERE i.tenant_id = :tenantId AND i.pool_id = :poolId
                       AND i.identifier_lc = ANY(:verifiedAddresses)) AS taken`,
    { tenantId: scope.tenantId, poolId: scope.poolId, ...names } as unknown as Record<string, string>,
  );
  return rows[0]?.taken === true;
}

/**
 * Writes a user with everything nested, the taken id and the pool's count, in one statement. Throws the unique
 * violations of `user_ids_pkey`, `identifiers_unique` and `verifiable_addresses_verified`.
 */
export async function insertUser(tx: Knex.Transaction, rows: NewUserRows): Promise<void> {
  const { scope, data, identifiers, addresses, password } = rows;
  await tx.raw(
    `WITH id AS (INSERT INTO user_ids (tenant_id, user_id) VALUES (:tenantId, :userId)),
     person AS (
       INSERT INTO users (tenant_id, pool_id, user_id, status, payload, metadata, business_metadata,
                          payload_schema_id, metadata_schema_id, business_metadata_schema_id)
       VALUES (:tenantId, :poolId, :userId, :status, :payload, :metadata, :businessMetadata,
               :payloadSchemaId, :metadataSchemaId, :businessMetadataSchemaId)),
     names AS (
       INSERT INTO identifiers (tenant_id, pool_id, user_id, identifier_id, type, identifier, identifier_lc,
                                lookup_key, metadata)
       SELECT :tenantId, :poolId, :userId, n.id, n.type, n.identifier, n."identifierLc", n."lookupKey",
              coalesce(n.metadata, '{}')
         FROM json_to_recordset(:identifiers) AS n(id text, type text, identifier text, "identifierLc" text,
                                                   "lookupKey" text, metadata jsonb)),
     addresses AS (
       INSERT INTO verifiable_addresses (tenant_id, pool_id, user_id, address_id, type, address, address_lc,
              lookup_key, verified, verified_at, status, preferred_contact_method, metadata)
       SELECT :tenantId, :poolId, :userId, a.id, a.type, a.address, a."lookupKey", a."lookupKey", a.verified,
              CASE WHEN a.verified THEN now() END, coalesce(a.status, 'active'), a."preferredContactMethod",
              coalesce(a.metadata, '{}')
         FROM json_to_recordset(:addresses) AS a(id text, type text, address text, "lookupKey" text,
              verified boolean, status text, "preferredContactMethod" text, metadata jsonb)),
     secrets AS (
       INSERT INTO credentials (tenant_id, pool_id, user_id, credential_id, type, state, secret, expires_at)
       SELECT :tenantId, :poolId, :userId, c.id, 'password', c.state, c.hash,
              CASE WHEN c."expiresAfterSeconds" > 0 THEN now() + make_interval(secs => c."expiresAfterSeconds") END
         FROM json_to_recordset(:passwords) AS c(id text, state text, hash text, "expiresAfterSeconds" integer))
     INSERT INTO pool_user_counts AS c (tenant_id, pool_id, shard, standard_users)
     VALUES (:tenantId, :poolId, :shard, 1)
     ON CONFLICT (tenant_id, pool_id, shard) DO UPDATE SET standard_users = c.standard_users + 1`,
    {
      ...scope,
      status: data.status,
      payload: JSON.stringify(data.payload),
      metadata: JSON.stringify(data.metadata),
      businessMetadata: JSON.stringify(data.businessMetadata),
      payloadSchemaId: data.payloadSchemaId,
      metadataSchemaId: data.metadataSchemaId,
      businessMetadataSchemaId: data.businessMetadataSchemaId as string,
      identifiers: JSON.stringify(identifiers),
      addresses: JSON.stringify(addresses),
      passwords: JSON.stringify(password === undefined ? [] : [password]),
      shard: randomShard(),
    },
  );
}

export async function updateUser(
  tx: Knex.Transaction,
  scope: UserScope,
  data: UserData,
  { statusChanged }: { statusChanged: boolean },
): Promise<void> {
  await tx('users')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, user_id: scope.userId })
    .update({
      ...toRow<Partial<User>>(COLUMNS, data),
      ...(statusChanged ? { status_updated_at: tx.fn.now() } : {}),
      row_version: tx.raw('row_version + 1'),
      updated_at: tx.fn.now(),
    });
}

/** Removes the user with all they own; the id stays taken for ever, because a reused `sub` would be a takeover. */
export async function deleteUser(tx: Knex.Transaction, scope: UserScope): Promise<void> {
  await tx('role_grants')
    .where({ tenant_id: scope.tenantId, subject_type: 'identity_pool_user', subject_id: scope.userId })
    .del();
  await tx('users').where({ tenant_id: scope.tenantId, pool_id: scope.poolId, user_id: scope.userId }).del();
  await tx('user_ids')
    .where({ tenant_id: scope.tenantId, user_id: scope.userId })
    .update({ deleted_at: tx.fn.now() });
}
