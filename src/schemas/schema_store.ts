import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { json, selection, toRow, type Columns } from '../db/columns.ts';
import {
  MAX_SCHEMAS,
  type Schema,
  type SchemaScope,
  type SchemaSettings,
  type TenantScope,
} from './schema.ts';

type Row = Schema & { readonly revision: string };

const COLUMNS: Columns<Row> = {
  tenantId: 'tenant_id',
  id: 'schema_id',
  name: 'name',
  description: 'description',
  document: json('document'),
  system: 'system',
  revision: 'revision',
  rowVersion: 'row_version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
const SELECT = selection(COLUMNS, 's');

/**
 * Adds a schema and gives its revision; undefined when the tenant has as many as it may. Throws the unique
 * violations of `schemas_pkey` (the id) and `schemas_name_unique`.
 */
export async function insertSchema(
  tx: Knex.Transaction,
  schema: SchemaSettings & Pick<Schema, 'tenantId' | 'id' | 'system'>,
): Promise<string | undefined> {
  const { tenantId } = schema;
  // One at a time for a tenant, so that the number of them holds.
  await tx.raw('SELECT FROM tenants WHERE tenant_id = ? FOR NO KEY UPDATE', [tenantId]);
  const { rows } = await tx.raw<{ rows: { count: number }[] }>(
    'SELECT count(*)::integer AS count FROM schemas WHERE tenant_id = ?',
    [tenantId],
  );
  if ((rows[0]?.count ?? 0) >= MAX_SCHEMAS) return undefined;
  const revision = randomUUID();
  await tx('schemas').insert({
    ...toRow<Partial<Row>>(COLUMNS, { ...schema, revision }),
    name_lc: schema.name.toLowerCase(),
  });
  return revision;
}

export async function findSchema(executor: Knex, scope: SchemaScope): Promise<Schema | undefined> {
  const { rows } = await executor.raw<{ rows: Schema[] }>(
    `SELECT ${SELECT} FROM schemas s WHERE s.tenant_id = ? AND s.schema_id = ?`,
    [scope.tenantId, scope.schemaId],
  );
  return rows[0];
}

/** All schemas of a tenant's own, by name. There are at most `MAX_SCHEMAS`. */
export async function listSchemas(executor: Knex, scope: TenantScope): Promise<Schema[]> {
  const { rows } = await executor.raw<{ rows: Schema[] }>(
    `SELECT ${SELECT} FROM schemas s WHERE s.tenant_id = ? ORDER BY s.name_lc`,
    [scope.tenantId],
  );
  return rows;
}

/** The schema, held until the transaction ends; `delete` also waits for those who are about to follow it. */
export async function lockSchema(
  tx: Knex.Transaction,
  scope: SchemaScope,
  lock: 'update' | 'delete',
): Promise<Schema | undefined> {
  const { rows } = await tx.raw<{ rows: Schema[] }>(
    `SELECT ${SELECT} FROM schemas s WHERE s.tenant_id = ? AND s.schema_id = ?
        FOR ${lock === 'update' ? 'NO KEY UPDATE' : 'UPDATE'}`,
    [scope.tenantId, scope.schemaId],
  );
  return rows[0];
}

/** Gives the new revision. Throws the unique violation of `schemas_name_unique`. */
export async function updateSchema(
  tx: Knex.Transaction,
  scope: SchemaScope,
  settings: SchemaSettings,
): Promise<string> {
  const revision = randomUUID();
  await tx('schemas')
    .where({ tenant_id: scope.tenantId, schema_id: scope.schemaId })
    .update({
      ...toRow<Partial<Row>>(COLUMNS, { ...settings, revision }),
      name_lc: settings.name.toLowerCase(),
      row_version: tx.raw('row_version + 1'),
      updated_at: tx.fn.now(),
    });
  return revision;
}

export async function deleteSchema(tx: Knex.Transaction, scope: SchemaScope): Promise<void> {
  await tx('schemas').where({ tenant_id: scope.tenantId, schema_id: scope.schemaId }).del();
}

/** What validation needs of a schema; the document only where its revision is not among those already known. */
export type SchemaRevision = {
  readonly id: string;
  readonly revision: string;
  readonly document: Schema['document'] | null;
};

/**
 * The revisions of schemas. In a transaction they are held against deletion until it ends, so that what is about
 * to follow one never follows nothing; elsewhere they are only read.
 */
export async function findRevisions(
  executor: Knex,
  scope: TenantScope,
  ids: readonly string[],
  known: readonly string[] = [],
): Promise<SchemaRevision[]> {
  const { rows } = await executor.raw<{ rows: SchemaRevision[] }>(
    `SELECT s.schema_id AS id, s.revision,
            CASE WHEN s.revision = ANY(:known::uuid[]) THEN NULL ELSE s.document END AS document
       FROM schemas s WHERE s.tenant_id = :tenantId AND s.schema_id = ANY(:ids)
      ORDER BY s.schema_id ${executor.isTransaction === true ? 'FOR KEY SHARE' : ''}`,
    { tenantId: scope.tenantId, ids, known } as unknown as Record<string, string>,
  );
  return rows;
}

/**
 * SQL of the revisions of the schemas that a row follows, by id: for a statement that reads the row anyway. `row`
 * is the alias of a row in the properties of a pool or a person. Holds nothing: the row itself has to be held.
 */
export const selectRevisions = (row: string): string =>
  `(SELECT coalesce(json_object_agg(s.schema_id, s.revision), '{}') FROM schemas s
     WHERE s.tenant_id = ${row}."tenantId"
       AND s.schema_id IN (${row}."payloadSchemaId", ${row}."metadataSchemaId", ${row}."businessMetadataSchemaId"))`;

/** The revisions of all schemas of a tenant's own, by id. */
export async function listRevisions(executor: Knex, scope: TenantScope): Promise<Record<string, string>> {
  const { rows } = await executor.raw<{ rows: { id: string; revision: string }[] }>(
    'SELECT schema_id AS id, revision FROM schemas WHERE tenant_id = ?',
    [scope.tenantId],
  );
  return Object.fromEntries(rows.map(({ id, revision }) => [id, revision]));
}
