import type { Knex } from 'knex';
import type { Choices } from '../choices.ts';
import { refuseAny, type Issue } from '../domain_error.ts';
import { freeMapIssues, type FreeMap } from '../free_map.ts';
import { checkableIssues } from '../schemas/checkable.ts';
import { loadSchemas, type LoadedSchema } from '../schemas/schema_cache.ts';
import { noSuchSchema } from '../schemas/schema_choice.ts';
import type { UserData } from './user.ts';

/** The three documents of a person: filled by themselves, by administrators, by delegated administrators. */
export const USER_DOCUMENTS = ['payload', 'metadata', 'businessMetadata'] as const;
export type UserDocument = (typeof USER_DOCUMENTS)[number];

const POINTERS: Readonly<Record<UserDocument, string>> = {
  payload: '/payload',
  metadata: '/metadata',
  businessMetadata: '/business_metadata',
};

/**
 * Refuses (422) what no person may have under their schemas, naming every problem by JSON pointer. `written` says
 * which documents a change writes: the others were checked when they were written, and a schema that changed since
 * then does not stand in its way. Only someone `active` must have all that their schemas require (contract 6.6): a
 * person who is to activate their account completes it then. One statement, and none where the schemas are built
 * in, or where the caller has read their `revisions` (by id) in this transaction.
 */
export async function checkUserData(
  executor: Knex,
  scope: { readonly tenantId: string },
  data: UserData,
  written: readonly UserDocument[] = USER_DOCUMENTS,
  revisions: Readonly<Record<string, string>> = {},
): Promise<void> {
  const tooLarge = written.flatMap((kind) => freeMapIssues(POINTERS[kind], data[kind]));
  refuseAny(tooLarge);
  const ids = written.map((kind) => data[`${kind}SchemaId`]).filter((id) => id !== null);
  const schemas = await loadSchemas(executor, scope, ids, revisions);
  const issues = await Promise.all(
    written.map(async (kind): Promise<Issue[]> => {
      const id = data[`${kind}SchemaId`];
      // Business metadata without a schema is free.
      if (id === null) return [];
      const schema = schemas.get(id);
      if (schema === undefined) return [noSuchSchema(`${kind}SchemaId`)];
      return documentIssues(schema, data[kind], POINTERS[kind], data.status === 'active');
    }),
  );
  refuseAny(issues.flat());
}

/** What is wrong with one document under its schema, by pointers that begin with `at`. */
export async function documentIssues(
  schema: LoadedSchema,
  document: FreeMap,
  at: string,
  complete: boolean,
): Promise<Issue[]> {
  const tooMuch = checkableIssues(schema.inlined, document);
  const issues = tooMuch.length > 0 ? tooMuch : await schema.issues(document, { complete });
  return issues.map(({ pointer, message }) => ({ pointer: at + pointer, message }));
}

/** The documents that a change writes, or puts under another schema. Who becomes active must have a whole payload. */
export function writtenDocuments(change: Choices<UserData>, current: UserData): UserDocument[] {
  const becomesActive = change.status === 'active' && current.status !== 'active';
  return USER_DOCUMENTS.filter(
    (kind) =>
      change[kind] !== undefined ||
      change[`${kind}SchemaId`] !== undefined ||
      (kind === 'payload' && becomesActive),
  );
}
