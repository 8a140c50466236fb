import type { Knex } from 'knex';
import { json, selection, toRow, type Columns } from '../db/columns.ts';
import { selectRevisions } from '../schemas/schema_store.ts';
import type { FullUser, User, UserData, UserScope } from './user.ts';

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

export const IDENTIFIER_DOCUMENT = `json_build_object('id', i.identifier_id, 'type', i.type,
      'identifier', i.identifier, 'identifierLc', i.identifier_lc, 'metadata', i.metadata,
      'createdAt', i.created_at, 'updatedAt', i.updated_at)`;
export const ADDRESS_DOCUMENT = `json_build_object('id', a.address_id, 'type', a.type, 'address', a.address,
      'addressLc', a.address_lc, 'verified', a.verified, 'verifiedAt', a.verified_at, 'status', a.status,
      'preferredContactMethod', a.preferred_contact_method, 'metadata', a.metadata, 'createdAt', a.created_at,
      'updatedAt', a.updated_at)`;

const KEYS_DOCUMENT = `CASE WHEN c.type = 'webauthn' THEN coalesce((SELECT json_agg(json_build_object(
        'id', k.passkey_id, 'name', k.name, 'createdAt', k.created_at) ORDER BY k.created_at, k.passkey_id)
      FROM passkeys k WHERE k.tenant_id = c.tenant_id AND k.pool_id = c.pool_id AND k.user_id = c.user_id), '[]') END`;

/** The select list of a whole user `u`; `from` names the tables, or what a statement has just written to them. */
export const fullUser = (from: {
  readonly identifiers: string;
  readonly addresses: string;
  readonly credentials: string;
}): string => `${SELECT_USER},
  coalesce((SELECT json_agg(${IDENTIFIER_DOCUMENT}
      ORDER BY i.created_at, i.identifier_id)
    FROM ${from.identifiers} i
   WHERE i.tenant_id = u.tenant_id AND i.pool_id = u.pool_id AND i.user_id = u.user_id), '[]') AS identifiers,
  coalesce((SELECT json_agg(${ADDRESS_DOCUMENT}
      ORDER BY a.created_at, a.address_id)
    FROM ${from.addresses} a
   WHERE a.tenant_id = u.tenant_id AND a.pool_id = u.pool_id AND a.user_id = u.user_id), '[]') AS addresses,
  coalesce((SELECT json_agg(json_build_object('id', c.credential_id, 'type', c.type, 'state', c.state,
      'expiresAt', c.expires_at, 'createdAt', c.created_at, 'updatedAt', c.updated_at, 'keys', ${KEYS_DOCUMENT})
      ORDER BY c.created_at, c.credential_id)
    FROM ${from.credentials} c
   WHERE c.tenant_id = u.tenant_id AND c.pool_id = u.pool_id AND c.user_id = u.user_id), '[]') AS credentials`;
export const FULL_USER = fullUser({
  identifiers: 'identifiers',
  addresses: 'verifiable_addresses',
  credentials: 'credentials',
});

// A user of a pool that is being deleted is gone already.
const IN_LIVING_POOL = `JOIN pools p ON p.tenant_id = u.tenant_id AND p.pool_id = u.pool_id AND p.deleted_at IS NULL`;

export async function findUser(executor: Knex, scope: UserScope): Promise<FullUser | undefined> {
  const { rows } = await executor.raw<{ rows: FullUser[] }>(
    `SELECT ${FULL_USER} FROM users u ${IN_LIVING_POOL} WHERE u.tenant_id = ? AND u.pool_id = ? AND u.user_id = ?`,
    [scope.tenantId, scope.poolId, scope.userId],
  );
  return rows[0];
}

type LockedUser = User & { readonly hasRoles: boolean };

const LOCKING_USER = `SELECT ${SELECT_USER}, EXISTS (SELECT FROM role_grants g WHERE g.tenant_id = u.tenant_id
          AND g.subject_type = 'identity_pool_user' AND g.subject_id = u.user_id) AS "hasRoles"
     FROM users u ${IN_LIVING_POOL}
    WHERE u.tenant_id = ? AND u.pool_id = ? AND u.user_id = ? FOR UPDATE OF u`;

/** The user, held against every other change until the transaction ends, and whether they administer anything. */
export async function lockUser(tx: Knex.Transaction, scope: UserScope): Promise<LockedUser | undefined> {
  const { rows } = await tx.raw<{ rows: LockedUser[] }>(LOCKING_USER, [
    scope.tenantId,
    scope.poolId,
    scope.userId,
  ]);
  return rows[0];
}

/** The same with the revisions of the schemas that the user follows: nobody deletes these while somebody does. */
export async function lockUserWithSchemas(
  tx: Knex.Transaction,
  scope: UserScope,
): Promise<(LockedUser & { readonly schemaRevisions: Readonly<Record<string, string>> }) | undefined> {
  const { rows } = await tx.raw<{
    rows: (LockedUser & { schemaRevisions: Readonly<Record<string, string>> })[];
  }>(`SELECT l.*, ${selectRevisions('l')} AS "schemaRevisions" FROM (${LOCKING_USER}) l`, [
    scope.tenantId,
    scope.poolId,
    scope.userId,
  ]);
  return rows[0];
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

/** Marks a person changed by what changed around them; gives the new row version. */
export async function touchUser(tx: Knex.Transaction, scope: UserScope): Promise<number> {
  const { rows } = await tx.raw<{ rows: { rowVersion: number }[] }>(
    `UPDATE users SET row_version = row_version + 1, updated_at = now()
      WHERE tenant_id = ? AND pool_id = ? AND user_id = ? RETURNING row_version AS "rowVersion"`,
    [scope.tenantId, scope.poolId, scope.userId],
  );
  return rows[0]?.rowVersion ?? 0;
}
