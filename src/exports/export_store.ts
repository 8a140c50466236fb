import type { Knex } from 'knex';
import type { Passkey as StoredPasskey } from '../credentials/passkeys.ts';
import type { PoolScope } from '../pools/pool.ts';

/** A person as an export reads them; secrets are in their stored form. */
export type ExportedPerson = {
  readonly userId: string;
  readonly document: Readonly<Record<string, unknown>>;
  readonly credentials: readonly ExportedCredential[];
  readonly passkeys: readonly ExportedPasskey[];
};

export type ExportedPasskey = Omit<StoredPasskey, 'createdAt' | 'lastUsedAt' | 'userHandle'> & {
  readonly createdAt: string;
};

export type ExportedCredential = {
  readonly id: string;
  readonly type: 'password' | 'totp' | 'webauthn';
  readonly state: string;
  readonly secret: string;
  readonly expires_at?: string;
};

const time = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** The groups that a person is in, each by the names that lead to it from the top of the tree. */
const GROUP_PATHS = `coalesce((SELECT jsonb_agg(p.names ORDER BY p.names) FROM group_members m, LATERAL (
    WITH RECURSIVE above (parent_id, name, level) AS (
      SELECT g.parent_id, g.name, 1 FROM groups g
       WHERE g.tenant_id = m.tenant_id AND g.pool_id = m.pool_id AND g.group_id = m.group_id
      UNION ALL
      SELECT g.parent_id, g.name, a.level + 1 FROM above a JOIN groups g
          ON g.tenant_id = m.tenant_id AND g.pool_id = m.pool_id AND g.group_id = a.parent_id)
    SELECT jsonb_agg(name ORDER BY level DESC) AS names FROM above) p
  WHERE m.tenant_id = u.tenant_id AND m.pool_id = u.pool_id AND m.user_id = u.user_id), '[]')`;

/** A page of the people of a pool by id, in the words of the wire. */
export async function readPeople(
  executor: Knex,
  scope: PoolScope,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<ExportedPerson[]> {
  const { rows } = await executor.raw<{ rows: ExportedPerson[] }>(
    `SELECT u.user_id AS "userId",
            json_strip_nulls(json_build_object('id', u.user_id, 'status', u.status, 'user_type', u.user_type,
              'created_at', ${time('u.created_at')}, 'payload_schema_id', u.payload_schema_id,
              'metadata_schema_id', u.metadata_schema_id,
              'business_metadata_schema_id', u.business_metadata_schema_id))::jsonb
            || jsonb_build_object('payload', u.payload, 'metadata', u.metadata,
              'business_metadata', u.business_metadata,
              'identifiers', coalesce((SELECT jsonb_agg(jsonb_build_object('id', i.identifier_id, 'type', i.type,
                  'identifier', i.identifier, 'metadata', i.metadata) ORDER BY i.created_at, i.identifier_id)
                FROM identifiers i WHERE i.tenant_id = u.tenant_id AND i.pool_id = u.pool_id
                 AND i.user_id = u.user_id AND i.type <> 'federated'), '[]'),
              'verifiable_addresses', coalesce((SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                  'id', a.address_id, 'type', a.type, 'address', a.address, 'verified', a.verified,
                  'verified_at', ${time('a.verified_at')}, 'status', a.status,
                  'preferred_contact_method', a.preferred_contact_method))
                  || jsonb_build_object('metadata', a.metadata) ORDER BY a.created_at, a.address_id)
                FROM verifiable_addresses a WHERE a.tenant_id = u.tenant_id AND a.pool_id = u.pool_id
                 AND a.user_id = u.user_id), '[]'),
              'groups', ${GROUP_PATHS}) AS document,
            coalesce((SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', c.credential_id,
                'type', c.type, 'state', c.state, 'secret', c.secret, 'expires_at', ${time('c.expires_at')}))
                ORDER BY c.created_at, c.credential_id)
              FROM credentials c WHERE c.tenant_id = u.tenant_id AND c.pool_id = u.pool_id
               AND c.user_id = u.user_id), '[]') AS credentials,
            coalesce((SELECT jsonb_agg(jsonb_build_object('id', k.passkey_id, 'name', k.name,
                'publicKey', k.public_key, 'transports', k.transports, 'signCount', k.sign_count,
                'cloneWarning', k.clone_warning, 'userVerified', k.user_verified,
                'backupEligible', k.backup_eligible, 'backupState', k.backup_state, 'aaguid', k.aaguid,
                'attachment', k.attachment, 'attestationType', k.attestation_type,
                'createdAt', ${time('k.created_at')}) ORDER BY k.created_at, k.passkey_id)
              FROM passkeys k WHERE k.tenant_id = u.tenant_id AND k.pool_id = u.pool_id
               AND k.user_id = u.user_id), '[]') AS passkeys
       FROM users u JOIN pools p ON p.tenant_id = u.tenant_id AND p.pool_id = u.pool_id AND p.deleted_at IS NULL
      WHERE u.tenant_id = :tenantId AND u.pool_id = :poolId AND u.user_id > :after
      ORDER BY u.user_id LIMIT :limit`,
    { tenantId: scope.tenantId, poolId: scope.poolId, after, limit },
  );
  return rows;
}
