import type { Knex } from 'knex';
import type { Issue } from '../domain_error.ts';
import { builtInSchema } from './built_in.ts';
import type { TenantScope } from './schema.ts';
import { findRevisions } from './schema_store.ts';

/** Which schemas the documents of people follow, of a pool or of one person. */
export type SchemaChoice = {
  readonly payloadSchemaId: string;
  readonly metadataSchemaId: string;
  readonly businessMetadataSchemaId: string | null;
};

/** The field that names the schema of each document, as JSON pointer. */
export const SCHEMA_FIELDS: Readonly<Record<keyof SchemaChoice, string>> = {
  payloadSchemaId: '/payload_schema_id',
  metadataSchemaId: '/metadata_schema_id',
  businessMetadataSchemaId: '/business_metadata_schema_id',
};

export const noSuchSchema = (field: keyof SchemaChoice): Issue => ({
  pointer: SCHEMA_FIELDS[field],
  message: 'names no schema of this tenant',
});

/**
 * Names each chosen schema that does not exist. Those that do cannot be deleted before the caller's transaction
 * ends. No statement where all of them are built in.
 */
export async function schemaChoiceIssues(
  tx: Knex.Transaction,
  scope: TenantScope,
  choice: SchemaChoice,
): Promise<Issue[]> {
  const fields = Object.keys(SCHEMA_FIELDS) as (keyof SchemaChoice)[];
  const own = fields.filter((field) => {
    const id = choice[field];
    return id !== null && builtInSchema(id) === undefined;
  });
  if (own.length === 0) return [];
  const ids = own.map((field) => choice[field] as string);
  const found = new Set((await findRevisions(tx, scope, ids)).map(({ id }) => id));
  return own.filter((field) => !found.has(choice[field] as string)).map(noSuchSchema);
}
