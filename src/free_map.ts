import type { Issue } from './domain_error.ts';

/** A document that callers fill as they like. */
export type FreeMap = Readonly<Record<string, unknown>>;

const MAX_BYTES = 64 * 1024;
const MAX_DEPTH = 16;
const MAX_KEYS = 500;

/** What is wrong with a free document: bytes, depth or number of keys beyond what a row should carry. */
export function freeMapIssues(pointer: string, map: FreeMap | undefined): Issue[] {
  if (map === undefined) return [];
  if (Buffer.byteLength(JSON.stringify(map)) > MAX_BYTES) {
    return [{ pointer, message: `must not exceed ${MAX_BYTES / 1024} KiB` }];
  }
  const size = { keys: 0, depth: 0 };
  measure(map, 1, size);
  if (size.depth > MAX_DEPTH)
    return [{ pointer, message: `must not be nested deeper than ${MAX_DEPTH} levels` }];
  if (size.keys > MAX_KEYS) return [{ pointer, message: `must not hold more than ${MAX_KEYS} keys` }];
  return [];
}

function measure(value: unknown, depth: number, size: { keys: number; depth: number }): void {
  if (typeof value !== 'object' || value === null) return;
  size.depth = Math.max(size.depth, depth);
  const children = Object.values(value);
  if (!Array.isArray(value)) size.keys += children.length;
  for (const child of children) measure(child, depth + 1, size);
}
