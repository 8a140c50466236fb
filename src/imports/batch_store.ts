import type { Knex } from 'knex';
import type { ImportScope } from './import.ts';
import { seek } from './seek.ts';

/** How a pool compares identifiers. */
export type CaseRule = { readonly caseInsensitive: boolean };

/** The waiting rows of a batch: those of its lines that are not left out. */
export type Batch = {
  readonly afterLine: number;
  readonly lastLine: number;
  readonly leftOut: readonly number[];
};

// A range, not a list: without statistics a list would be looked for in the wrong index.
const IN_BATCH = `r.tenant_id = :tenantId AND r.import_id = :importId
  AND r.line > :afterLine AND r.line <= :lastLine AND r.line <> ALL(:leftOut)`;

const bindBatch = ({ tenantId, importId }: ImportScope, { afterLine, lastLine, leftOut }: Batch) => ({
  tenantId,
  importId,
  afterLine,
  lastLine,
  leftOut: leftOut as unknown as string,
});

/** Remembers what these rows claim, for the batches to come of a check that writes nobody. */
export async function rememberNames(
  tx: Knex.Transaction,
  scope: ImportScope,
  batch: Batch,
  { caseInsensitive }: CaseRule,
): Promise<void> {
  await tx.raw(
    `INSERT INTO import_names (tenant_id, import_id, kind, key, line)
     SELECT r.tenant_id, r.import_id, c.kind, c.key, r.line
       FROM import_rows r, LATERAL (
         SELECT k.kind, k.key FROM jsonb_array_elements(r.document->'identifiers') AS i(entry), LATERAL (VALUES
           ('identifier', i.entry->>(CASE WHEN :caseInsensitive THEN 'foldedKey' ELSE 'exactKey' END)),
           ('folded', i.entry->>'foldedKey')) AS k(kind, key)
         UNION ALL
         SELECT 'verified', a.entry->>'key' FROM jsonb_array_elements(r.document->'addresses') AS a(entry)
          WHERE (a.entry->>'verified')::boolean
         UNION ALL
         SELECT 'passkey', k.entry->>'id' FROM jsonb_array_elements(r.document->'passkeys') AS k(entry)) c
      WHERE ${IN_BATCH}
     ON CONFLICT DO NOTHING`,
    { ...bindBatch(scope, batch), caseInsensitive },
  );
}

/** Writes the people of these rows. Throws unique violations when somebody was faster. */
export async function insertStaged(
  tx: Knex.Transaction,
  scope: ImportScope,
  batch: Batch,
  { caseInsensitive, shard }: CaseRule & { readonly shard: number },
): Promise<void> {
  // In the order of the keys: rows that belong side by side in an index go there one after the other. Found by their
  // lines first: an index that has that order already would be read from one end to the other.
  await tx.raw(
    insertPeople(`SELECT user_id, d FROM (
      SELECT r.user_id, r.document AS d FROM import_rows r WHERE ${IN_BATCH} ORDER BY r.line OFFSET 0) r ORDER BY user_id`),
    {
      ...bindBatch(scope, batch),
      poolId: scope.poolId,
      caseInsensitive,
      shard,
      idPrefix: idPrefix(),
    },
  );
}

const ADDRESSES = { within: ['a.tenant_id', 'a.pool_id'], by: 'bytes' } as const;
const IDENTIFIERS = { within: ['i.tenant_id', 'i.pool_id'], by: 'bytes' } as const;
const CLIENTS = { within: ['c.tenant_id'], by: 'plain' } as const;

/**
 * Whether anybody of these rows, once they are written, goes by what no unique index keeps apart: a name that one has
 * as an identifier and another as a verified address, or an id that is a client's.
 */
export async function haveRivals(tx: Knex.Transaction, scope: ImportScope, batch: Batch): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: { found: boolean }[] }>(
    `WITH batch AS MATERIALIZED (SELECT r.user_id, r.document AS d FROM import_rows r WHERE ${IN_BATCH})
     SELECT EXISTS (
       SELECT FROM batch b, jsonb_to_recordset(b.d->'identifiers') AS n("foldedKey" text), LATERAL (
         SELECT FROM verifiable_addresses a WHERE a.tenant_id = :tenantId AND a.pool_id = :poolId AND a.verified
            AND ${seek('a.lookup_key', 'n."foldedKey"', ADDRESSES, 'a.user_id <> b.user_id')}) rival
     ) OR EXISTS (
       SELECT FROM batch b, jsonb_to_recordset(b.d->'addresses') AS n(key text, verified boolean), LATERAL (
         SELECT FROM identifiers i WHERE n.verified AND i.tenant_id = :tenantId AND i.pool_id = :poolId
            AND ${seek('i.identifier_lc', 'n.key', IDENTIFIERS, 'i.user_id <> b.user_id')}) rival
     ) OR EXISTS (
       SELECT FROM batch b, LATERAL (
         SELECT FROM clients c WHERE c.tenant_id = :tenantId AND ${seek('c.client_id', 'b.user_id', CLIENTS)}) rival
     ) AS found`,
    { ...bindBatch(scope, batch), poolId: scope.poolId },
  );
  return rows[0]?.found ?? true;
}

/**
 * SQL that writes everything about the people of a pool: taken ids, names, addresses, credentials, and the
 * pool's count. `source` gives `user_id` and `d` (a `StagedPerson`).
 */
export const insertPeople = (source: string): string => `
  WITH batch AS MATERIALIZED (${source}),
  ids AS (INSERT INTO user_ids (tenant_id, user_id) SELECT :tenantId, user_id FROM batch),
  people AS (
    INSERT INTO users (tenant_id, pool_id, user_id, status, user_type, payload, metadata, business_metadata,
                       payload_schema_id, metadata_schema_id, business_metadata_schema_id, created_at)
    SELECT :tenantId, :poolId, user_id, d->>'status', d->>'userType', d->'payload', d->'metadata',
           d->'businessMetadata', d->>'payloadSchemaId', d->>'metadataSchemaId', d->>'businessMetadataSchemaId',
           coalesce((d->>'createdAt')::timestamptz, now())
      FROM batch),
  ${INSERT_PARTS}
  INSERT INTO pool_user_counts AS c (tenant_id, pool_id, shard, standard_users, jit_users)
  SELECT :tenantId, :poolId, :shard, count(*) FILTER (WHERE d->>'userType' <> 'jit'),
         count(*) FILTER (WHERE d->>'userType' = 'jit')
    FROM batch
  ON CONFLICT (tenant_id, pool_id, shard) DO UPDATE
     SET standard_users = c.standard_users + excluded.standard_users,
         jit_users = c.jit_users + excluded.jit_users`;

// RFC 9562 §5.7: ids that ascend with time are written side by side, not all over an index.
const NEW_ID = ':idPrefix || substr(gen_random_uuid()::text, 16)';

/** What ids of this moment begin with; a binding of `insertPeople` and `INSERT_PARTS`. */
export function idPrefix(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7`;
}

/** What belongs to people, for `batch` as above: the common table expressions that write it, with a comma behind. */
export const INSERT_PARTS = `names AS (
    INSERT INTO identifiers (tenant_id, pool_id, user_id, identifier_id, type, identifier, identifier_lc,
                             lookup_key, metadata)
    SELECT :tenantId, :poolId, b.user_id, coalesce(n.id, ${NEW_ID}), n.type, n.identifier,
           n."foldedKey", CASE WHEN :caseInsensitive THEN n."foldedKey" ELSE n."exactKey" END,
           coalesce(n.metadata, '{}')
      FROM batch b, jsonb_to_recordset(b.d->'identifiers') AS n(id text, type text, identifier text,
           "foldedKey" text, "exactKey" text, metadata jsonb)),
  addresses AS (
    INSERT INTO verifiable_addresses (tenant_id, pool_id, user_id, address_id, type, address, address_lc,
           lookup_key, verified, verified_at, status, preferred_contact_method, metadata)
    SELECT :tenantId, :poolId, b.user_id, coalesce(a.id, ${NEW_ID}), a.type, a.address, a.key, a.key,
           a.verified, CASE WHEN a.verified THEN coalesce(a."verifiedAt", now()) END, a.status,
           a."preferredContactMethod", coalesce(a.metadata, '{}')
      FROM batch b, jsonb_to_recordset(b.d->'addresses') AS a(id text, type text, address text, key text,
           verified boolean, "verifiedAt" timestamptz, status text, "preferredContactMethod" text, metadata jsonb)),
  secrets AS (
    INSERT INTO credentials (tenant_id, pool_id, user_id, credential_id, type, state, secret, expires_at)
    SELECT :tenantId, :poolId, b.user_id, coalesce(c.id, ${NEW_ID}), c.type, c.state, c.secret,
           c."expiresAt"
      FROM batch b, jsonb_to_recordset(b.d->'credentials') AS c(id text, type text, state text, secret text,
           "expiresAt" timestamptz)),
  keys AS (
    INSERT INTO passkeys (tenant_id, pool_id, user_id, passkey_id, name, public_key, transports, sign_count,
           clone_warning, user_verified, backup_eligible, backup_state, aaguid, attachment, attestation_type,
           created_at)
    SELECT :tenantId, :poolId, b.user_id, k.id, coalesce(k.name, ''), k."publicKey", k.transports, k."signCount",
           coalesce(k."cloneWarning", false), k."userVerified", k."backupEligible", k."backupState", k.aaguid,
           k.attachment, k."attestationType", coalesce(k."createdAt", now())
      FROM batch b, jsonb_to_recordset(b.d->'passkeys') AS k(id text, name text, "publicKey" text,
           transports text[], "signCount" bigint, "cloneWarning" boolean, "userVerified" boolean,
           "backupEligible" boolean, "backupState" boolean, aaguid text, attachment text,
           "attestationType" text, "createdAt" timestamptz))`;
