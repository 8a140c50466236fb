import { refuseAny, type Issue } from '../domain_error.ts';
import { checkDocument } from './document_check.ts';
import { childrenOf, KEYWORDS, pointerStep, type JsonSchema } from './json_schema.ts';
import { inlineReferences, referenceIssues } from './references.ts';

export type TenantScope = { readonly tenantId: string };
export type SchemaScope = { readonly tenantId: string; readonly schemaId: string };

/** What an administrator decides about a schema (contract 1.6). */
export type SchemaSettings = {
  readonly name: string;
  readonly description: string;
  readonly document: JsonSchema;
};

export type Schema = SchemaSettings & {
  readonly tenantId: string;
  readonly id: string;
  /** Never changed or deleted. */
  readonly system: boolean;
  readonly rowVersion: number;
  /** Null for the schemas that are part of the program. */
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
};

export type PatternPlace = { readonly pointer: string; readonly pattern: string };

/** A document that was read: without references, and with its patterns still to be compiled. */
export type ReadDocument = { readonly inlined: JsonSchema; readonly patterns: readonly PatternPlace[] };

const MAX_NAME_CHARS = 100;
// As many as a tenant may have, so that all of them fit into one answer.
export const MAX_SCHEMAS = 200;

/** Refuses settings that no schema may have, naming every problem; gives the document as it can be compiled. */
export function readSchema(settings: {
  readonly name: string;
  readonly document: unknown;
}): ReadDocument & { readonly document: JsonSchema } {
  const checked = checkDocument(settings.document, '/schema');
  const issues: Issue[] = [...nameIssues(settings.name), ...checked.issues];
  if (!('document' in checked)) {
    refuseAny(issues, 'schema_refused');
    throw new Error('a document without issues is a schema');
  }
  const { document, byPointer } = checked;
  refuseAny([...issues, ...referenceIssues(document, byPointer, '/schema')], 'schema_refused');
  return {
    document,
    inlined: inlineReferences(document, byPointer),
    patterns: [...byPointer].flatMap(([pointer, schema]) => patternsOf(schema, `/schema${pointer}`)),
  };
}

function nameIssues(name: string): Issue[] {
  if (name.length > 0 && name.length <= MAX_NAME_CHARS && name === name.trim()) return [];
  return [
    { pointer: '/name', message: `must be 1 to ${MAX_NAME_CHARS} characters, with no space at either end` },
  ];
}

function patternsOf(schema: JsonSchema, pointer: string): PatternPlace[] {
  const own =
    typeof schema.pattern === 'string' ? [{ pointer: `${pointer}/pattern`, pattern: schema.pattern }] : [];
  const keys = childrenOf(schema)
    .filter(({ keyword }) => KEYWORDS.get(keyword) === 'schemas by pattern')
    .map(({ keyword, key = '' }) => ({
      pointer: pointer + pointerStep(keyword) + pointerStep(key),
      pattern: String(key),
    }));
  return [...own, ...keys];
}
