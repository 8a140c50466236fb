import type { FreeMap } from '../free_map.ts';
import { childrenOf, type JsonSchema } from './json_schema.ts';
import { compilePattern, PatternsTooCostly, withinPatternSteps, type Pattern } from './patterns.ts';

/**
 * A document without what its schema marks as `hidden`, at every depth: as people see their own metadata (contract
 * 1.6, 6.6). A property is hidden when any part of the schema that speaks of it says so, whether or not that part
 * applies. Expects a schema without references.
 */
export function hideHidden(schema: JsonSchema, document: FreeMap): FreeMap {
  if (!saysHidden(schema)) return document;
  try {
    const shown = withinPatternSteps(() => visible([schema], document, new Map()));
    return shown === HIDDEN ? {} : (shown as FreeMap);
  } catch (error) {
    // Rather nothing than what should have been hidden.
    if (error instanceof PatternsTooCostly) return {};
    throw error;
  }
}

const saysHidden = (schema: JsonSchema): boolean =>
  schema.hidden === true || childrenOf(schema).some((child) => saysHidden(child.schema));

const HIDDEN = Symbol('hidden');
type Patterns = Map<string, Pattern>;

/** The value as it may be seen, under all the schemas that speak of it. */
function visible(schemas: readonly JsonSchema[], value: unknown, patterns: Patterns): unknown {
  const speaking = schemas.flatMap(withAlternatives);
  if (speaking.some((schema) => schema.hidden === true)) return HIDDEN;
  if (typeof value !== 'object' || value === null || speaking.length === 0) return value;
  if (Array.isArray(value)) {
    const ofEntries = speaking.flatMap(inside(['items', 'contains']));
    return value.map((entry) => visible(ofEntries, entry, patterns)).filter((entry) => entry !== HIDDEN);
  }
  const shown = Object.entries(value).flatMap(([name, inner]) => {
    const seen = visible(
      speaking.flatMap((schema) => ofProperty(schema, name, patterns)),
      inner,
      patterns,
    );
    return seen === HIDDEN ? [] : [[name, seen] as const];
  });
  return Object.fromEntries(shown);
}

const inside =
  (keywords: readonly string[]) =>
  (schema: JsonSchema): JsonSchema[] =>
    childrenOf(schema)
      .filter(({ keyword }) => keywords.includes(keyword))
      .map((child) => child.schema);

// Schemas of the same value, whether they apply to it or not.
const ALTERNATIVES = inside(['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentSchemas']);

const withAlternatives = (schema: JsonSchema): JsonSchema[] => [
  schema,
  ...ALTERNATIVES(schema).flatMap(withAlternatives),
];

function ofProperty(schema: JsonSchema, name: string, patterns: Patterns): JsonSchema[] {
  return childrenOf(schema)
    .filter(({ keyword, key }) => {
      if (keyword === 'properties') return key === name;
      return keyword === 'patternProperties' && matches(String(key), name, patterns);
    })
    .map((child) => child.schema);
}

function matches(source: string, name: string, patterns: Patterns): boolean {
  const pattern = patterns.get(source) ?? compilePattern(source);
  patterns.set(source, pattern);
  return pattern.test(name);
}
