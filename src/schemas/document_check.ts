import type { Issue } from '../domain_error.ts';
import {
  isObject,
  KEYWORDS,
  pointerStep,
  SCHEMA_LIMITS,
  TYPES,
  type JsonSchema,
  type KeywordForm,
  type ValueForm,
} from './json_schema.ts';

// Names that reach JavaScript's own machinery in careless code (rule 12).
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const MAX_ISSUES = 50;
const MAX_PATTERN_CHARS = 256;
const MAX_REFERENCE_CHARS = 256;

export type CheckedDocument =
  | { readonly issues: readonly Issue[] }
  | {
      readonly issues: readonly [];
      readonly document: JsonSchema;
      /** Every schema in the document by its JSON pointer; what a reference may lead to. */
      readonly byPointer: ReadonlyMap<string, JsonSchema>;
    };

/**
 * Reads a document as a schema of our subset, form by form: only known keywords, each holding what it must. Takes
 * time in proportion to the document's size. What is wrong is named by JSON pointers that begin with `at`.
 */
export function checkDocument(document: unknown, at: string): CheckedDocument {
  if (!isObject(document)) return { issues: [{ pointer: at, message: 'must be a JSON object' }] };
  if (Buffer.byteLength(JSON.stringify(document)) > SCHEMA_LIMITS.bytes) {
    return { issues: [{ pointer: at, message: `must not exceed ${SCHEMA_LIMITS.bytes / 1024} KiB` }] };
  }
  const issues: Issue[] = [];
  const byPointer = new Map<string, JsonSchema>();
  const report = (pointer: string, message: string): void => {
    if (issues.length < MAX_ISSUES) issues.push({ pointer: at + pointer, message });
  };

  const readSchema = (schema: unknown, pointer: string, depth: number): void => {
    if (!isObject(schema)) return report(pointer, 'must be a schema: a JSON object');
    if (depth > SCHEMA_LIMITS.depth)
      return report(pointer, `is nested deeper than ${SCHEMA_LIMITS.depth} schemas`);
    byPointer.set(pointer, schema);
    for (const [keyword, value] of Object.entries(schema)) {
      const place = pointer + pointerStep(keyword);
      const form = KEYWORDS.get(keyword);
      if (form === undefined) report(place, 'is not supported in schemas');
      else readKeyword(form, value, place, depth);
    }
  };

  const readNamed = (
    value: unknown,
    place: string,
    read: (inner: unknown, at: string, name: string) => void,
  ) => {
    if (!isObject(value)) return report(place, 'must be a JSON object');
    for (const [name, inner] of Object.entries(value)) {
      const where = place + pointerStep(name);
      if (FORBIDDEN_NAMES.has(name)) report(where, 'is not allowed as a name');
      else read(inner, where, name);
    }
  };

  const readKeyword = (form: KeywordForm, value: unknown, place: string, depth: number): void => {
    if (form === 'schema') readSchema(value, place, depth + 1);
    else if (form === 'schemas') {
      if (!Array.isArray(value) || value.length === 0)
        report(place, 'must be a list of schemas, one at least');
      else value.forEach((inner, index) => readSchema(inner, place + pointerStep(index), depth + 1));
    } else if (form === 'schemas by name') {
      readNamed(value, place, (inner, where) => readSchema(inner, where, depth + 1));
    } else if (form === 'schemas by pattern') {
      readNamed(value, place, (inner, where, name) => {
        reportProblem(where, PROBLEMS.pattern(name));
        readSchema(inner, where, depth + 1);
      });
    } else if (form === 'names by name') {
      readNamed(value, place, (inner, where) => reportProblem(where, PROBLEMS.names(inner)));
    } else reportProblem(place, PROBLEMS[form](value));
  };
  const reportProblem = (place: string, problem: string | undefined): void => {
    if (problem !== undefined) report(place, problem);
  };

  readSchema(document, '', 1);
  if (document.type !== 'object') report('/type', 'must be "object" at the top of a schema');
  return issues.length > 0 ? { issues } : { issues: [], document, byPointer };
}

type Problem = (value: unknown) => string | undefined;

const unless =
  (isRight: (value: unknown) => boolean, problem: string): Problem =>
  (value) =>
    isRight(value) ? undefined : problem;

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isWhole = (value: unknown, least: number): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least;

/** What is wrong with the value of a keyword that holds no schemas. */
const PROBLEMS: Readonly<Record<ValueForm, Problem>> = {
  text: unless(isText, 'must be text'),
  flag: unless((value) => typeof value === 'boolean', 'must be true or false'),
  count: unless((value) => isWhole(value, 0), 'must be a whole number from 0'),
  integer: unless((value) => isWhole(value, Number.MIN_SAFE_INTEGER), 'must be a whole number'),
  positive: unless((value) => isWhole(value, 1), 'must be a whole number from 1'),
  type: unless((value) => TYPES.has(value), `must be one of ${[...TYPES].join(', ')}`),
  texts: unless((value) => isTexts(value) && value.length > 0, 'must be a list of texts, one at least'),
  pattern: unless(
    (value) => isText(value) && value.length <= MAX_PATTERN_CHARS,
    `must be text of at most ${MAX_PATTERN_CHARS} characters`,
  ),
  reference: unless(
    (value) => isText(value) && value.startsWith('#') && value.length <= MAX_REFERENCE_CHARS,
    'must lead to a schema in this document, such as #/$defs/address',
  ),
  names: (value) => {
    if (!isTexts(value)) return 'must be a list of property names';
    if (new Set(value).size !== value.length) return 'must not name the same property twice';
    return value.some((name) => FORBIDDEN_NAMES.has(name)) ? 'has a name that is not allowed' : undefined;
  },
};
