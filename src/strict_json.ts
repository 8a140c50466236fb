/** Says why a body is no JSON we take, in words for the caller. */
export class JsonRefused extends Error {
  override readonly name = 'JsonRefused';
}

const MAX_DEPTH = 32;
// Keys that reach JavaScript's own machinery in careless code (rule 12).
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const STRING = /"(?:[^"\\]|\\.)*"/suy;
const NUMBER = /-?\d[\d.eE+-]*/y;

/**
 * Parses JSON more strictly than `JSON.parse`: valid UTF-8 only, no key twice in one object, no NUL, no lone
 * surrogates, no `__proto__` and its like, no numbers beyond a double, at most 32 levels. Throws `JsonRefused`.
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  inspect(text);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new JsonRefused('The body is not well-formed JSON');
  }
}

// Keeps nothing from one text to the next: none is decoded in pieces.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new JsonRefused('The body is not valid UTF-8');
  }
}

/**
 * One pass over the tokens, before the parser sees the text. It need not understand malformed JSON: whatever it
 * misreads there, the parser refuses.
 */
function inspect(text: string): void {
  // One entry a level: the keys of an object, or undefined in an array.
  const levels: (Set<string> | undefined)[] = [];
  let key: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] as string;
    if (char === '{' || char === '[') {
      levels.push(char === '{' ? new Set() : undefined);
      if (levels.length > MAX_DEPTH)
        throw new JsonRefused(`The body is nested deeper than ${MAX_DEPTH} levels`);
    } else if (char === '}' || char === ']') {
      levels.pop();
    } else if (char === '"') {
      STRING.lastIndex = at;
      const token = STRING.exec(text)?.[0];
      if (token === undefined) return;
      key = checkedString(token);
      at += token.length - 1;
    } else if (char === ':' && key !== undefined) {
      claimKey(levels.at(-1), key);
      key = undefined;
    } else if (char === '-' || (char >= '0' && char <= '9')) {
      NUMBER.lastIndex = at;
      const token = NUMBER.exec(text)?.[0] ?? char;
      if (Number(token) === Infinity || Number(token) === -Infinity) {
        throw new JsonRefused('The body has a number that is too large');
      }
      at += token.length - 1;
    }
  }
}

function checkedString(token: string): string | undefined {
  // What no escape brings in came from UTF-8, and the parser refuses a bare NUL.
  if (!token.includes('\\')) return token.slice(1, -1);
  let value: unknown;
  try {
    value = JSON.parse(token);
  } catch {
    return undefined;
  }
  if (typeof value !== 'string') return undefined;
  if (value.includes('\0')) throw new JsonRefused('The body has a NUL character in a text');
  if (!value.isWellFormed()) throw new JsonRefused('The body has a lone surrogate in a text');
  return value;
}

function claimKey(keys: Set<string> | undefined, key: string): void {
  if (keys === undefined) return;
  if (FORBIDDEN_KEYS.has(key)) throw new JsonRefused(`The body has the key "${key}", which is not allowed`);
  if (keys.has(key)) throw new JsonRefused('The body has the same key twice in one object');
  keys.add(key);
}
