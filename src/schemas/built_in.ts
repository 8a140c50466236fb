import type { Issue } from '../domain_error.ts';
import type { FreeMap } from '../free_map.ts';
import { pointerStep, type JsonSchema } from './json_schema.ts';

export const USER_SCHEMA_ID = 'user_v0';
export const METADATA_SCHEMA_ID = 'metadata_v0';

type BuiltInSchema = {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly document: JsonSchema;
  /** Says the same as the document, without being compiled: most people are of these two. */
  readonly check: (document: FreeMap, options: { complete: boolean }) => Issue[];
};

const NAMES = ['name', 'given_name', 'family_name'] as const;
const LABELS: Readonly<Record<(typeof NAMES)[number], string>> = {
  name: 'Name',
  given_name: 'Given name',
  family_name: 'Family name',
};
const MAX_NAME_CHARS = 256;

/** The schemas that every tenant has from the start, and that nobody changes or deletes (contract 1.6). */
export const BUILT_IN_SCHEMAS: readonly BuiltInSchema[] = [
  {
    id: USER_SCHEMA_ID,
    name: USER_SCHEMA_ID,
    description: 'A person with a name',
    document: {
      type: 'object',
      properties: Object.fromEntries(
        NAMES.map((name) => [
          name,
          { type: 'string', description: LABELS[name], minLength: 1, maxLength: MAX_NAME_CHARS },
        ]),
      ),
      required: NAMES,
      additionalProperties: false,
    },
    check: nameIssues,
  },
  {
    id: METADATA_SCHEMA_ID,
    name: METADATA_SCHEMA_ID,
    description: 'Whatever there is to say',
    document: { type: 'object' },
    check: () => [],
  },
];

/** The built-in schema of this id. */
export const builtInSchema = (id: string): BuiltInSchema | undefined =>
  BUILT_IN_SCHEMAS.find((schema) => schema.id === id);

function nameIssues(payload: FreeMap, { complete }: { complete: boolean }): Issue[] {
  const unknown = Object.keys(payload)
    .filter((key) => !(NAMES as readonly string[]).includes(key))
    .map((key) => ({ pointer: pointerStep(key), message: 'is not known to the schema' }));
  const names = NAMES.flatMap((name): Issue[] => {
    const value = payload[name];
    if (value === undefined) return complete ? [{ pointer: pointerStep(name), message: 'is required' }] : [];
    // A character is a code point, as JSON Schema counts them.
    if (typeof value === 'string' && value.length > 0 && Array.from(value).length <= MAX_NAME_CHARS)
      return [];
    return [{ pointer: pointerStep(name), message: `must be 1 to ${MAX_NAME_CHARS} characters of text` }];
  });
  return [...unknown, ...names];
}
