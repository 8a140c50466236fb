import type { FreeMap } from '../free_map.ts';

/** Whom a password is for: what the person is called says how it would be guessed. */
export type PasswordOwner = {
  /** Set for somebody who exists: their earlier passwords count. */
  readonly userId?: string | undefined;
  readonly identifiers?: readonly string[] | undefined;
  readonly payload?: FreeMap | undefined;
};

const PRODUCT = 'weir';
// Shorter ones are in too many good passwords.
const MIN_WORD_CHARS = 4;
const MAX_WORDS = 50;

/**
 * The words that a stranger would try first: of the installation, the tenant and the pool, and of the person.
 * @param around ids and names of the tenant and the pool.
 */
export function wordsAround(around: readonly string[], owner: PasswordOwner): string[] {
  const found = new Set<string>();
  const add = (text: string) => {
    for (const word of [text, ...text.split(/[\s@.,+_/-]+/)]) {
      if (word.length >= MIN_WORD_CHARS && found.size < MAX_WORDS) found.add(word.toLowerCase());
    }
  };
  [PRODUCT, ...around, ...(owner.identifiers ?? [])].forEach(add);
  for (const text of stringsIn(owner.payload)) add(text);
  return [...found];
}

/** Whether a password is one of these words, with nothing but digits and signs around it. */
export function isOnlyAWord(password: string, words: readonly string[]): boolean {
  const plain = password.toLowerCase();
  const bare = plain.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  return words.includes(plain) || words.includes(bare);
}

const MAX_DEPTH = 4;

function* stringsIn(value: unknown, depth = 0): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null && depth < MAX_DEPTH) {
    for (const entry of Object.values(value)) yield* stringsIn(entry, depth + 1);
  }
}
