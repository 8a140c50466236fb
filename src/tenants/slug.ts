import { randomBytes } from 'node:crypto';

/** Ids that stand in paths: tenants, workspaces, pools, clients made by us. */
export const SLUG = /^[a-z0-9][a-z0-9_-]{0,62}$/;
/** Ids of users, groups and other rows: up to 64 of the unreserved URL characters, never a dot segment. */
export const OPAQUE_ID = /^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,64}$/;

/** First path segments that are the server's own. */
const RESERVED_TENANTS: ReadonlySet<string> = new Set([
  'api',
  'console',
  'dev',
  'livez',
  'readyz',
  'metrics',
  'assets',
  'well-known',
]);
// `/{tenant}/identity/{pool}/...` holds the hosted pages of pools.
const RESERVED_WORKSPACES: ReadonlySet<string> = new Set(['identity']);

export const isTenantId = (id: string): boolean => SLUG.test(id) && !RESERVED_TENANTS.has(id);
export const isWorkspaceId = (id: string): boolean => SLUG.test(id) && !RESERVED_WORKSPACES.has(id);

// 80 random bits: no two made by chance, short enough to stand in an issuer.
const SLUG_BYTES = 10;
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A new random id for something that stands in a path. */
export function newSlug(): string {
  let bits = BigInt(`0x${randomBytes(SLUG_BYTES).toString('hex')}`);
  let slug = '';
  for (let i = 0; i < (SLUG_BYTES * 8) / 5; i += 1) {
    slug += ALPHABET[Number(bits & 31n)];
    bits >>= 5n;
  }
  return slug;
}
