import { isDeepStrictEqual } from 'node:util';
import { invalid } from '../domain_error.ts';

/** One operation of RFC 6902. */
export type PatchOperation = {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string | undefined;
  readonly value?: unknown;
};

type Container = Record<string, unknown> | unknown[];

/**
 * Applies the operations one after the other to a copy of a JSON document, all or none (RFC 6902). Throws
 * `DomainError` 422 that names the operation which cannot be applied.
 */
export function applyPatch(document: object, operations: readonly PatchOperation[]): unknown {
  const root = { document: structuredClone(document) as unknown };
  const copied = { bytes: 0 };
  for (const [at, operation] of operations.entries()) {
    const problem = applyOne(root, operation, copied);
    if (problem !== undefined) throw invalid(`/${at}`, problem, 'patch_refused');
  }
  return root.document;
}

function applyOne(
  root: { document: unknown },
  { op, path, from, value }: PatchOperation,
  copied: { bytes: number },
): string | undefined {
  if (op !== 'move' && op !== 'copy') {
    if (op !== 'remove' && value === undefined) return 'needs a value';
    if (op === 'test')
      return isDeepStrictEqual(read(root, path), value) ? undefined : 'the test does not hold';
    return write(root, op, path, value);
  }
  if (from === undefined) return 'needs from';
  const found = read(root, from);
  if (found === undefined) return 'from leads nowhere';
  // RFC 6902 §4.4.
  if (op === 'move' && path.startsWith(`${from}/`)) return 'moves something into itself';
  if (op === 'move') return write(root, 'remove', from, undefined) ?? write(root, 'add', path, found);
  // A copy of copies doubles with each operation: all of them together bring no more than a body does.
  copied.bytes += JSON.stringify(found).length;
  if (copied.bytes > MAX_COPIED_BYTES) return 'copies more than a request may carry';
  return write(root, 'add', path, structuredClone(found));
}

const MAX_COPIED_BYTES = 256 * 1024;

// Names that reach JavaScript's own machinery in careless code (rule 12).
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** RFC 6901 §4. */
const stepsOf = (pointer: string): string[] =>
  `/document${pointer}`
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

function read(root: object, pointer: string): unknown {
  let at: unknown = root;
  for (const step of stepsOf(pointer)) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string, unknown>)[step];
  }
  return at;
}

function write(
  root: object,
  op: 'add' | 'remove' | 'replace',
  pointer: string,
  value: unknown,
): string | undefined {
  if (pointer !== '' && !pointer.startsWith('/')) return 'path is no JSON pointer';
  const steps = stepsOf(pointer);
  const last = steps.pop() ?? '';
  const target = (steps.length === 0 ? root : read(root, pointerOf(steps))) as Container | undefined;
  if (typeof target !== 'object' || target === null || FORBIDDEN.has(last)) return 'path leads nowhere';
  return Array.isArray(target) ? writeEntry(target, op, last, value) : writeKey(target, op, last, value);
}

/** The pointer whose steps these are, below the document. */
const pointerOf = (steps: readonly string[]): string =>
  steps
    .slice(1)
    .map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');

function writeKey(
  target: Record<string, unknown>,
  op: 'add' | 'remove' | 'replace',
  key: string,
  value: unknown,
): string | undefined {
  if (op !== 'add' && !Object.hasOwn(target, key)) return 'path leads nowhere';
  if (op === 'remove') delete target[key];
  else target[key] = value;
  return undefined;
}

function writeEntry(
  target: unknown[],
  op: 'add' | 'remove' | 'replace',
  step: string,
  value: unknown,
): string | undefined {
  const index =
    op === 'add' && step === '-' ? target.length : /^(0|[1-9]\d{0,6})$/.test(step) ? Number(step) : NaN;
  const isThere = index < target.length || (op === 'add' && index === target.length);
  if (!isThere) return 'path leads nowhere';
  if (op === 'add') target.splice(index, 0, value);
  else if (op === 'remove') target.splice(index, 1);
  else target[index] = value;
  return undefined;
}
