import { mapChildren, type JsonSchema } from './json_schema.ts';

// What says that something must be there. What is there must fit all the same.
const DEMANDS: ReadonlySet<string> = new Set(['required', 'dependentRequired', 'minProperties']);

// Where taking a demand away would refuse more instead of less, all stays as it is.
const AS_THEY_ARE: ReadonlySet<string> = new Set(['not', 'if', 'contains']);

/**
 * The schema for a document that is still to be completed: whatever is missing may be missing, at every depth,
 * and whatever is present must fit. Takes everything that the schema itself takes. Expects no references.
 */
export function forIncomplete(schema: JsonSchema): JsonSchema {
  const relaxed = mapChildren(schema, ({ keyword, schema: inner }) =>
    AS_THEY_ARE.has(keyword) ? inner : forIncomplete(inner),
  );
  const { oneOf, ...rest } = Object.fromEntries(
    Object.entries(relaxed).filter(([keyword]) => !DEMANDS.has(keyword)),
  );
  if (oneOf === undefined) return rest;
  // Alternatives that differ in what they demand are all alike without it: fitting one of them is enough.
  return { ...rest, allOf: [...((rest.allOf as JsonSchema[] | undefined) ?? []), { anyOf: oneOf }] };
}
