import type { Issue } from '../domain_error.ts';
import { childrenOf, mapChildren, pointerStep, SCHEMA_LIMITS, type JsonSchema } from './json_schema.ts';

type Size = Readonly<Record<keyof typeof SCHEMA_LIMITS, number>>;
type ByPointer = ReadonlyMap<string, JsonSchema>;

/**
 * What is wrong with the references of a checked document: one that leads nowhere, one that leads back to itself,
 * or more schemas than can be handled once every reference is put in place. Each schema is measured once, so
 * thirty levels of doubling cost thirty steps.
 */
export function referenceIssues(document: JsonSchema, byPointer: ByPointer, at: string): Issue[] {
  const issues: Issue[] = [];
  const known = new Map<JsonSchema, Size>();
  const open = new Set<JsonSchema>();

  const measure = (schema: JsonSchema, pointer: string): Size => {
    const before = known.get(schema);
    if (before !== undefined) return before;
    open.add(schema);
    let size: Size = { schemas: 1, depth: 1, bytes: ownBytes(schema), alternatives: ownAlternatives(schema) };
    const add = (inner: Size): void => {
      size = {
        schemas: size.schemas + inner.schemas,
        depth: Math.max(size.depth, inner.depth + 1),
        bytes: size.bytes + inner.bytes,
        alternatives: size.alternatives + inner.alternatives,
      };
    };
    for (const { keyword, key, schema: child } of childrenOf(schema)) {
      const place = pointer + pointerStep(keyword) + (key === undefined ? '' : pointerStep(key));
      const inner = measure(child, place);
      // What is only defined costs nothing until something refers to it.
      if (keyword !== '$defs') add(inner);
    }
    const target = targetOf(schema, byPointer);
    if (target === 'none') {
      issues.push({ pointer: `${at}${pointer}/$ref`, message: 'leads to no schema of this document' });
    } else if (target !== undefined && open.has(target)) {
      issues.push({ pointer: `${at}${pointer}/$ref`, message: 'leads back to itself' });
    } else if (target !== undefined) {
      add(measure(target, pointerOf(schema.$ref as string)));
    }
    open.delete(schema);
    known.set(schema, size);
    return size;
  };

  const size = measure(document, '');
  if (issues.length > 0) return issues;
  const { schemas, depth, bytes, alternatives } = SCHEMA_LIMITS;
  if (size.schemas > schemas) return [tooMuch(at, `must not hold more than ${schemas} schemas`)];
  if (size.depth > depth) return [tooMuch(at, `must not be nested deeper than ${depth} schemas`)];
  if (size.bytes > bytes) return [tooMuch(at, `must not exceed ${bytes / 1024} KiB`)];
  if (size.alternatives > alternatives) {
    return [tooMuch(at, `must not have more than ${alternatives} alternatives in anyOf and oneOf`)];
  }
  return [];
}

const tooMuch = (pointer: string, message: string): Issue => ({
  pointer,
  message: `${message}, with its references put in place`,
});

/** What a schema takes by itself, without the schemas inside it. */
function ownBytes(schema: JsonSchema): number {
  return Buffer.byteLength(JSON.stringify(mapChildren(schema, () => ({}))));
}

function ownAlternatives({ anyOf, oneOf }: JsonSchema): number {
  return [anyOf, oneOf].reduce((sum: number, list) => sum + (Array.isArray(list) ? list.length : 0), 0);
}

/** The schema that a reference leads to; `none` when there is no such, undefined without a reference. */
function targetOf({ $ref: reference }: JsonSchema, byPointer: ByPointer): JsonSchema | 'none' | undefined {
  return typeof reference === 'string' ? (byPointer.get(pointerOf(reference)) ?? 'none') : undefined;
}

/** RFC 6901 §6: in a URI fragment a pointer is percent-encoded. */
function pointerOf(reference: string): string {
  try {
    return decodeURIComponent(reference.slice(1));
  } catch {
    return reference;
  }
}

/**
 * The document without references: each one replaced by what it leads to. Expects that `referenceIssues` found
 * nothing. A title, description or `hidden` beside a reference wins over that of its target; other keywords
 * hold together with the target's.
 */
export function inlineReferences(document: JsonSchema, byPointer: ByPointer): JsonSchema {
  const inline = (schema: JsonSchema): JsonSchema => {
    const { $ref: _reference, $defs: _definitions, ...own } = schema;
    const self = mapChildren(own, (child) => inline(child.schema));
    const target = targetOf(schema, byPointer);
    if (target === undefined || target === 'none') return self;
    const meant = inline(target);
    if (Object.keys(self).every((keyword) => ANNOTATIONS.has(keyword))) return { ...meant, ...self };
    return { ...self, allOf: [meant, ...((self.allOf as JsonSchema[] | undefined) ?? [])] };
  };
  return inline(document);
}

const ANNOTATIONS: ReadonlySet<string> = new Set(['title', 'description', 'hidden']);
