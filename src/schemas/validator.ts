import { createRequire } from 'node:module';
import type { ErrorObject } from 'ajv';
import type { Issue } from '../domain_error.ts';
import type { FreeMap } from '../free_map.ts';
import { issuesOf } from './data_issues.ts';
import { compilePattern, PatternsTooCostly, withinPatternSteps } from './patterns.ts';

/** What is wrong with a document, by JSON pointers into it. */
export type Validator = (document: FreeMap) => Issue[];

type Compiled = ((document: unknown) => boolean) & { errors?: ErrorObject[] | null };

// All that the code of a compiled schema may reach.
const load = createRequire(import.meta.url);
const PARTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['ajv/dist/runtime/equal', load('ajv/dist/runtime/equal')],
  ['ajv/dist/runtime/ucs2length', load('ajv/dist/runtime/ucs2length')],
  ['patterns', { compilePattern }],
]);

/** The validator whose code `compile` gave. */
export function loadValidator(code: string): Validator {
  const module: { exports?: Compiled } = {};
  const part = (name: string): unknown => {
    if (!PARTS.has(name)) throw new Error(`a compiled schema asks for ${name}`);
    return PARTS.get(name);
  };
  // As ajv does it itself. V8 drops such code when nobody holds it and the room is needed.
  // oxlint-disable-next-line typescript/no-implied-eval -- code of the compiler, made from a schema that was read
  new Function('module', 'require', code)(module, part);
  const { exports: validate } = module;
  if (validate === undefined) throw new Error('a compiled schema gave no validator');
  return (document) => {
    try {
      if (withinPatternSteps(() => validate(document))) return [];
      return issuesOf(validate.errors ?? []);
    } catch (error) {
      if (!(error instanceof PatternsTooCostly)) throw error;
      return [{ pointer: '', message: 'is too long for the patterns of its schema' }];
    } finally {
      validate.errors = null;
    }
  };
}
