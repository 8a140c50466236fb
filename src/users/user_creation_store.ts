import type { Knex } from 'knex';
import { lockingPool, randomShard } from '../pools/pool_store.ts';
import type { Pool, PoolScope } from '../pools/pool.ts';
import { selectRevisions } from '../schemas/schema_store.ts';
import { HOLD_SUBJECT, heldSubject } from '../tenants/subject_id_store.ts';
import type { HashedPassword } from './factors/new_password.ts';
import type { FullUser, KeyedAddress, KeyedIdentifier, UserData, UserScope, UserType } from './user.ts';
import { fullUser } from './user_store.ts';

/** A pool, and the revisions of the schemas that its people follow unless they are told otherwise. */
type PoolWithSchemas = Pool & { readonly schemaRevisions: Readonly<Record<string, string>> };

/**
 * Holds a pool's settings and the names that somebody claims in it, so that nobody claims one of them at the same
 * moment as an identifier and as a verified address: two tables have no common unique index. The same for the id
 * that somebody chose for a person. One statement; what is there already is read in the next one, which sees what
 * this one waited for.
 */
export async function lockPoolAndNames(
  tx: Knex.Transaction,
  scope: PoolScope,
  names: readonly string[],
  chosenId?: string,
): Promise<PoolWithSchemas | undefined> {
  const { rows } = await tx.raw<{ rows: PoolWithSchemas[] }>(
    `WITH names AS MATERIALIZED (
       SELECT count(pg_advisory_xact_lock(hashtextextended(n.name, 0))) FROM unnest(:names::text[]) AS n(name))
     SELECT p.*, ${selectRevisions('p')} AS "schemaRevisions", ${HOLD_SUBJECT}
       FROM names, LATERAL (${lockingPool('share')}) p`,
    { ...scope, ...heldSubject(scope, chosenId), names: lockTexts(scope, names) } as unknown as Record<
      string,
      string
    >,
  );
  return rows[0];
}

/** In one order for everybody: two who want the same names never wait for each other. */
function lockTexts(scope: PoolScope, names: readonly string[]): string[] {
  return [...new Set(names)].sort().map((name) => `name:${scope.tenantId}/${scope.poolId}/${name}`);
}

export type NewUserRows = {
  readonly scope: UserScope;
  readonly data: UserData;
  readonly userType: UserType;
  readonly identifiers: readonly (KeyedIdentifier & { readonly id: string })[];
  readonly addresses: readonly (KeyedAddress & { readonly id: string })[];
  readonly password: (HashedPassword & { readonly id: string }) | undefined;
};

/**
 * Writes a user with everything nested, the taken id and the pool's count, and gives the user back: one statement.
 * Undefined, and nothing written, when somebody else is known by one of the names, or a client by the id. Throws
 * the unique violations of `user_ids_pkey`, `identifiers_unique` and `verifiable_addresses_verified`.
 */
export async function insertUser(tx: Knex.Transaction, rows: NewUserRows): Promise<FullUser | undefined> {
  const { scope, data, userType, identifiers, addresses, password } = rows;
  const { rows: made } = await tx.raw<{ rows: FullUser[] }>(
    `WITH id AS (
       INSERT INTO user_ids (tenant_id, user_id) SELECT :tenantId, :userId
        WHERE NOT EXISTS (SELECT FROM verifiable_addresses a WHERE a.tenant_id = :tenantId AND a.pool_id = :poolId
                             AND a.verified AND a.lookup_key = ANY(:identifierNames::text[]))
          AND NOT EXISTS (SELECT FROM identifiers i WHERE i.tenant_id = :tenantId AND i.pool_id = :poolId
                             AND i.identifier_lc = ANY(:verifiedNames::text[]))
          AND NOT EXISTS (SELECT FROM clients c WHERE c.tenant_id = :tenantId AND c.client_id = :userId)
       RETURNING user_id),
     person AS (
       INSERT INTO users (tenant_id, pool_id, user_id, status, user_type, payload, metadata, business_metadata,
                          payload_schema_id, metadata_schema_id, business_metadata_schema_id)
       SELECT :tenantId, :poolId, id.user_id, :status, :userType, :payload::jsonb, :metadata::jsonb,
              :businessMetadata::jsonb, :payloadSchemaId, :metadataSchemaId, :businessMetadataSchemaId
         FROM id RETURNING *),
     names AS (
       INSERT INTO identifiers (tenant_id, pool_id, user_id, identifier_id, type, identifier, identifier_lc,
                                lookup_key, metadata)
       SELECT :tenantId, :poolId, id.user_id, n.id, n.type, n.identifier, n."identifierLc", n."lookupKey",
              coalesce(n.metadata, '{}')
         FROM id, json_to_recordset(:identifiers) AS n(id text, type text, identifier text, "identifierLc" text,
                                                       "lookupKey" text, metadata jsonb) RETURNING *),
     addresses AS (
       INSERT INTO verifiable_addresses (tenant_id, pool_id, user_id, address_id, type, address, address_lc,
              lookup_key, verified, verified_at, status, preferred_contact_method, metadata)
       SELECT :tenantId, :poolId, id.user_id, a.id, a.type, a.address, a."lookupKey", a."lookupKey", a.verified,
              CASE WHEN a.verified THEN now() END, coalesce(a.status, 'active'), a."preferredContactMethod",
              coalesce(a.metadata, '{}')
         FROM id, json_to_recordset(:addresses) AS a(id text, type text, address text, "lookupKey" text,
              verified boolean, status text, "preferredContactMethod" text, metadata jsonb) RETURNING *),
     secrets AS (
       INSERT INTO credentials (tenant_id, pool_id, user_id, credential_id, type, state, secret, expires_at)
       SELECT :tenantId, :poolId, id.user_id, c.id, 'password', c.state, c.hash,
              CASE WHEN c."expiresAfterSeconds" > 0 THEN now() + make_interval(secs => c."expiresAfterSeconds") END
         FROM id, json_to_recordset(:passwords) AS c(id text, state text, hash text, "expiresAfterSeconds" integer)
       RETURNING *),
     counted AS (
       INSERT INTO pool_user_counts AS c (tenant_id, pool_id, shard, standard_users, jit_users)
       SELECT :tenantId, :poolId, :shard::smallint, (:userType = 'standard')::int, (:userType = 'jit')::int FROM id
       ON CONFLICT (tenant_id, pool_id, shard) DO UPDATE SET
         standard_users = c.standard_users + excluded.standard_users, jit_users = c.jit_users + excluded.jit_users)
     SELECT ${fullUser({ identifiers: 'names', addresses: 'addresses', credentials: 'secrets' })} FROM person u`,
    {
      ...scope,
      status: data.status,
      userType,
      payload: JSON.stringify(data.payload),
      metadata: JSON.stringify(data.metadata),
      businessMetadata: JSON.stringify(data.businessMetadata),
      payloadSchemaId: data.payloadSchemaId,
      metadataSchemaId: data.metadataSchemaId,
      businessMetadataSchemaId: data.businessMetadataSchemaId as string,
      identifiers: JSON.stringify(identifiers),
      addresses: JSON.stringify(addresses),
      passwords: JSON.stringify(password === undefined ? [] : [password]),
      identifierNames: identifiers.map(({ identifierLc }) => identifierLc),
      verifiedNames: addresses.filter(({ verified }) => verified).map(({ lookupKey }) => lookupKey),
      shard: randomShard(),
    } as unknown as Record<string, string>,
  );
  return made[0];
}
