import { parentPort } from 'node:worker_threads';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import type { Issue } from '../domain_error.ts';
import type { JsonSchema } from './json_schema.ts';
import { compilePattern } from './patterns.ts';

/** What the other side asks for. */
export type CompileJob = {
  readonly document: JsonSchema;
  readonly patterns: readonly { readonly pointer: string; readonly pattern: string }[];
};
export type CompileOutcome = { readonly code: string } | { readonly issues: readonly Issue[] };

// Instructions of all patterns together. Decides what holding and running them costs.
const MAX_PROGRAM_SIZE = 5_000;
const MAX_SHOWN_REASON = 120;

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.on('message', (job: CompileJob) => parentPort?.postMessage(compile(job)));

function compile({ document, patterns }: CompileJob): CompileOutcome {
  const issues = patternIssues(patterns);
  if (issues.length > 0) return { issues };
  const ajv = new Ajv2020({
    // The document has been read keyword by keyword; one that does not apply to its type is to be ignored.
    strict: false,
    validateSchema: false,
    meta: false,
    logger: false,
    allErrors: true,
    messages: false,
    ownProperties: true,
    $data: false,
    code: {
      source: true,
      // Takes most of the time, to little effect.
      optimize: false,
      // The code names its parts by `require`, which the loader answers (see validator.ts).
      regExp: Object.assign((pattern: string) => compilePattern(pattern), {
        code: 'require("patterns").compilePattern',
      }),
    },
  });
  // No keyword of ours asks what was left unevaluated, and keeping track of it breaks the code of some schemas
  // (a property in one alternative, a pattern of properties in another).
  ajv.opts.unevaluated = false;
  try {
    return { code: standalone.default(ajv, ajv.compile(document)) };
  } catch (error) {
    // The stack is full.
    if (error instanceof RangeError)
      return { issues: [{ pointer: '', message: 'is too nested to compile' }] };
    throw error;
  }
}

function patternIssues(patterns: CompileJob['patterns']): Issue[] {
  let total = 0;
  const issues: Issue[] = [];
  for (const { pointer, pattern } of patterns) {
    try {
      total += compilePattern(pattern).programSize;
      if (total > MAX_PROGRAM_SIZE) {
        return [
          ...issues,
          { pointer, message: 'is too much: the patterns of a schema are limited together' },
        ];
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message.slice(0, MAX_SHOWN_REASON) : '';
      issues.push({ pointer, message: `is no pattern that RE2 takes: ${reason}` });
    }
  }
  return issues;
}
