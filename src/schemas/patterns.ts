import { RE2JS } from 're2js';

/** A pattern that has been compiled: it searches anywhere in the text, in time linear in its length. */
export type Pattern = { readonly test: (text: string) => boolean; readonly programSize: number };

/** A document would need more work for its patterns than a request may cost. */
export class PatternsTooCostly extends Error {
  override readonly name = 'PatternsTooCostly';
}

/** Steps of RE2, characters times instructions; some 50 ms at their worst. */
const STEPS_PER_DOCUMENT = 20_000_000;

// `\\k` that is not the end of an escaped backslash.
const BACK_REFERENCE = /^(?:[^\\]|\\[^k])*\\k/s;

let stepsLeft = STEPS_PER_DOCUMENT;

/** Runs `check` (which must not wait for anything) with its own allowance for patterns. Throws `PatternsTooCostly`. */
export function withinPatternSteps<T>(check: () => T): T {
  stepsLeft = STEPS_PER_DOCUMENT;
  return check();
}

/**
 * Compiles a pattern in the notation of JavaScript by RE2, which has no look-around and no back-references and
 * never backtracks (rule 14). Throws for what RE2 cannot do, with a message for whoever wrote the pattern.
 */
export function compilePattern(source: string): Pattern {
  // RE2 would read it as the letter k.
  if (BACK_REFERENCE.test(source)) throw new Error('back-references are not supported');
  const compiled = RE2JS.compile(RE2JS.translateRegExp(source));
  const programSize = compiled.programSize();
  return {
    programSize,
    test(text) {
      stepsLeft -= text.length * programSize;
      if (stepsLeft < 0) throw new PatternsTooCostly();
      return compiled.test(text);
    },
  };
}
