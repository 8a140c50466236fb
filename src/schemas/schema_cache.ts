import type { Knex } from 'knex';
import { LRUCache } from 'lru-cache';
import type { Issue } from '../domain_error.ts';
import type { FreeMap } from '../free_map.ts';
import { builtInSchema } from './built_in.ts';
import { checkDocument } from './document_check.ts';
import { compile } from './compiler.ts';
import { forIncomplete } from './incomplete.ts';
import type { JsonSchema } from './json_schema.ts';
import { inlineReferences } from './references.ts';
import type { TenantScope } from './schema.ts';
import { findRevisions } from './schema_store.ts';
import { loadValidator, type Validator } from './validator.ts';

/** A schema as documents are held against it. */
export type LoadedSchema = {
  readonly id: string;
  /** Without references. */
  readonly inlined: JsonSchema;
  /**
   * What is wrong with a document, by pointers into it. One that is not `complete` may lack what the schema
   * requires. Compiles what was not needed before.
   */
  readonly issues: (document: FreeMap, options: { complete: boolean }) => Promise<Issue[]>;
};

type Kept = LoadedSchema & { readonly revision: string };

// A compiled schema takes some 40 times its own text, in both of its forms together.
const WEIGHT = 40;
const kept = new LRUCache<string, Kept>({ max: 1_000, maxSize: 64 * 1024 * 1024 });

const keyOf = ({ tenantId }: TenantScope, id: string): string => `${tenantId}/${id}`;

/**
 * The schemas of these ids; those that do not exist are left out. One statement for all of them, which in a
 * transaction also holds them against deletion; and none where they are built in, or kept and of the `revisions`
 * (by id) that the caller has just read.
 */
export async function loadSchemas(
  executor: Knex,
  scope: TenantScope,
  ids: readonly string[],
  revisions: Readonly<Record<string, string>> = {},
): Promise<ReadonlyMap<string, LoadedSchema>> {
  const loaded = new Map<string, LoadedSchema>();
  const unknown: string[] = [];
  for (const id of new Set(ids)) {
    const builtIn = builtInSchema(id);
    const before = kept.get(keyOf(scope, id));
    if (builtIn !== undefined) {
      const issues: LoadedSchema['issues'] = async (document, options) => builtIn.check(document, options);
      loaded.set(id, { id, inlined: builtIn.document, issues });
    } else if (before !== undefined && revisions[id] === before.revision) loaded.set(id, before);
    else unknown.push(id);
  }
  if (unknown.length === 0) return loaded;
  const before = unknown.map((id) => kept.get(keyOf(scope, id))).filter((entry) => entry !== undefined);
  const known = before.map((entry) => entry.revision);
  for (const { id, revision, document } of await findRevisions(executor, scope, unknown, known)) {
    const same = before.find((entry) => entry.revision === revision);
    loaded.set(id, same ?? keep(scope, { id, revision, inlined: inlinedFrom(document ?? {}) }));
  }
  return loaded;
}

/** Keeps a schema that was just written, with the validator that the writing needed anyway. */
export function keepSchema(
  scope: TenantScope,
  schema: { readonly id: string; readonly revision: string; readonly inlined: JsonSchema },
  complete: Validator,
): void {
  keep(scope, schema, complete);
}

/** Drops what is kept of a schema that is gone. */
export function dropSchema(scope: TenantScope, id: string): void {
  kept.delete(keyOf(scope, id));
}

function keep(
  scope: TenantScope,
  { id, revision, inlined }: Pick<Kept, 'id' | 'revision' | 'inlined'>,
  known?: Validator,
): Kept {
  let complete = known && Promise.resolve(known);
  let incomplete: Promise<Validator> | undefined;
  const entry: Kept = {
    id,
    revision,
    inlined,
    async issues(document, options) {
      const validator = options.complete
        ? (complete ??= compiled(inlined))
        : (incomplete ??= compiled(forIncomplete(inlined)));
      try {
        return (await validator)(document);
      } catch (error) {
        // What failed once is tried again.
        if (validator === complete) complete = undefined;
        else incomplete = undefined;
        throw error;
      }
    },
  };
  kept.set(keyOf(scope, id), entry, { size: WEIGHT * JSON.stringify(inlined).length });
  return entry;
}

async function compiled(document: JsonSchema): Promise<Validator> {
  const outcome = await compile({ document, patterns: [] });
  if ('code' in outcome) return loadValidator(outcome.code);
  throw new Error('A schema that was taken does not compile any more');
}

function inlinedFrom(document: JsonSchema): JsonSchema {
  const checked = checkDocument(document, '');
  if ('byPointer' in checked) return inlineReferences(checked.document, checked.byPointer);
  throw new Error('A schema that was taken is not one any more');
}
