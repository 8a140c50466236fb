/**
 * A schema as callers write it: the subset of JSON Schema 2020-12 that the contract names (1.6), with references
 * inside the document. Typed loosely, because it is read from outside; `checkDocument` is what makes it one.
 */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** What a keyword holds that holds no schemas. */
export type ValueForm =
  | 'text'
  | 'flag'
  | 'count'
  | 'integer'
  | 'positive'
  | 'names'
  | 'texts'
  | 'type'
  | 'pattern'
  | 'reference';

export type KeywordForm =
  | ValueForm
  | 'names by name'
  | 'schema'
  | 'schemas'
  | 'schemas by name'
  | 'schemas by pattern';

/**
 * How much a schema may be, as it is written and with its references put in place. Alternatives are those of all
 * `anyOf` and `oneOf` together: the code for each lies inside that for the one before.
 */
export const SCHEMA_LIMITS = { bytes: 64 * 1024, depth: 16, schemas: 2_000, alternatives: 200 } as const;

/** Every keyword that is taken, by what it holds. Anything else is refused. */
export const KEYWORDS: ReadonlyMap<string, KeywordForm> = new Map<string, KeywordForm>([
  ['type', 'type'],
  ['title', 'text'],
  ['description', 'text'],
  // Ours and the contract's: people do not see such a property of their metadata.
  ['hidden', 'flag'],
  ['properties', 'schemas by name'],
  ['patternProperties', 'schemas by pattern'],
  ['propertyNames', 'schema'],
  ['additionalProperties', 'flag'],
  ['required', 'names'],
  ['dependentRequired', 'names by name'],
  ['dependentSchemas', 'schemas by name'],
  ['minProperties', 'count'],
  ['maxProperties', 'count'],
  ['items', 'schema'],
  ['contains', 'schema'],
  ['minItems', 'count'],
  ['maxItems', 'count'],
  ['minContains', 'count'],
  ['maxContains', 'count'],
  ['uniqueItems', 'flag'],
  ['minLength', 'count'],
  ['maxLength', 'count'],
  ['pattern', 'pattern'],
  ['minimum', 'integer'],
  ['maximum', 'integer'],
  ['exclusiveMinimum', 'integer'],
  ['exclusiveMaximum', 'integer'],
  ['multipleOf', 'positive'],
  ['enum', 'texts'],
  ['const', 'text'],
  ['allOf', 'schemas'],
  ['anyOf', 'schemas'],
  ['oneOf', 'schemas'],
  ['not', 'schema'],
  ['if', 'schema'],
  ['then', 'schema'],
  ['else', 'schema'],
  ['$ref', 'reference'],
  ['$defs', 'schemas by name'],
]);

export const TYPES: ReadonlySet<unknown> = new Set([
  'object',
  'array',
  'string',
  'number',
  'integer',
  'boolean',
  'null',
]);

/** RFC 6901 §3: one step of a JSON pointer. */
export const pointerStep = (name: string | number): string =>
  `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A schema inside another: by which keyword, and by which name or position in it. */
export type Child = {
  readonly keyword: string;
  readonly key: string | number | undefined;
  readonly schema: JsonSchema;
};

/** The schemas directly inside one that has been checked. */
export function childrenOf(schema: JsonSchema): Child[] {
  const children: Child[] = [];
  mapChildren(schema, (child) => {
    children.push(child);
    return child.schema;
  });
  return children;
}

/** The same schema with every schema directly inside it replaced, in the order in which they stand. */
export function mapChildren(schema: JsonSchema, change: (child: Child) => JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      const form = KEYWORDS.get(keyword);
      if (form === 'schema')
        return [keyword, change({ keyword, key: undefined, schema: value as JsonSchema })];
      if (form === 'schemas') {
        const inner = value as JsonSchema[];
        return [keyword, inner.map((child, key) => change({ keyword, key, schema: child }))];
      }
      if (form !== 'schemas by name' && form !== 'schemas by pattern') return [keyword, value];
      const inner = Object.entries(value as Record<string, JsonSchema>);
      return [
        keyword,
        Object.fromEntries(inner.map(([key, child]) => [key, change({ keyword, key, schema: child })])),
      ];
    }),
  );
}
