import type { Issue } from '../domain_error.ts';
import type { FreeMap } from '../free_map.ts';
import { childrenOf, pointerStep, type JsonSchema } from './json_schema.ts';

// Entries are compared with each other where they must differ.
const MAX_ENTRIES = 100;
// Schemas times values: every schema may look at every value. Some 100 ms at their worst.
const MAX_WORK = 500_000;
// Text is work too.
const BYTES_PER_VALUE = 64;

/** What keeps a document from being held against a schema at all: more work than a write may cost (rule 13). */
export function checkableIssues(schema: JsonSchema, document: FreeMap): Issue[] {
  const issues: Issue[] = [];
  const countValues = (value: unknown, pointer: string): number => {
    if (typeof value !== 'object' || value === null) return 1;
    if (Array.isArray(value) && value.length > MAX_ENTRIES) {
      issues.push({ pointer, message: `must hold at most ${MAX_ENTRIES} entries` });
    }
    let count = 1;
    for (const [name, inner] of Object.entries(value))
      count += countValues(inner, pointer + pointerStep(name));
    return count;
  };
  const values = countValues(document, '') + Buffer.byteLength(JSON.stringify(document)) / BYTES_PER_VALUE;
  if (issues.length > 0) return issues;
  return values * countSchemas(schema) > MAX_WORK
    ? [{ pointer: '', message: 'is too large to be checked against its schema' }]
    : [];
}

// Of the schemas in use: an import asks the same one for row after row.
const counted = new WeakMap<JsonSchema, number>();

function countSchemas(schema: JsonSchema): number {
  const known = counted.get(schema);
  if (known !== undefined) return known;
  const count = 1 + childrenOf(schema).reduce((sum, child) => sum + countSchemas(child.schema), 0);
  counted.set(schema, count);
  return count;
}
