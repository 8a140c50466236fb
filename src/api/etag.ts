import { createHash } from 'node:crypto';
import type { ExpectedVersion } from '../domain_error.ts';
import { badRequest } from '../http/errors.ts';

/** The strong ETag of a row version (RFC 9110 §8.8.3). */
export const etagOf = (version: number): string => `"${version}"`;

// Of a hash: fifteen digits, which is what `parseIfMatch` reads.
const VERSION_BYTES = 6;

/** The version of what has no row of its own: it follows from what is said. */
export function versionOf(body: object): number {
  return createHash('sha256').update(JSON.stringify(body)).digest().readUIntBE(0, VERSION_BYTES);
}

const LIST = /^\s*(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*\s*$/;
const STRONG = /(W\/)?"([^"]*)"/g;

/**
 * The row versions an `If-Match` header allows; undefined when it is absent or `*`. A weak tag matches nothing
 * (RFC 9110 §13.1.1). Throws `HttpError` 400 for a header that is no list of entity tags.
 */
export function parseIfMatch(header: string | undefined): ExpectedVersion {
  if (header === undefined || header.trim() === '*') return undefined;
  if (!LIST.test(header)) throw badRequest('If-Match must be an ETag in double quotes, as it was received');
  const versions = new Set<number>();
  for (const [, weak, tag = ''] of header.matchAll(STRONG)) {
    if (weak === undefined && /^\d{1,15}$/.test(tag)) versions.add(Number(tag));
  }
  return versions;
}
