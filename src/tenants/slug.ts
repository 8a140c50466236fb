import { randomBytes } from 'node:crypto';

const SLUG = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const OPAQUE_ID = /^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,64}$/;
// No `/`, which separates it from others, and no `:`, which follows a kind in keys of ours.
const USER_ID = /^(?!\.{1,2}$)[A-Za-z0-9._~-][A-Za-z0-9._~|@+=-]{0,63}$/;

/**
 * Whether a text names something that every plain object has (`__proto__`, `constructor`, ...). As a key in
 * foreign code, such an id would reach what all objects share (rule 12).
 */
export const isOnEveryObject = (id: string): boolean => id in Object.prototype;

/** Whether it may be an id that stands in paths: of a tenant, a workspace or a pool. */
export const isSlug = (id: string): boolean => SLUG.test(id) && !isOnEveryObject(id);
/** Whether it may be any other id: up to 64 of the unreserved URL characters, never a dot segment. */
export const isOpaqueId = (id: string): boolean => OPAQUE_ID.test(id) && !isOnEveryObject(id);

/**
 * Whether it may be a person's id. Other providers join parts of theirs by more than URLs leave alone
 * (`auth0|5f7c`): people who come from there keep the `sub` that applications know them by.
 */
export const isUserId = (id: string): boolean => USER_ID.test(id) && !isOnEveryObject(id);

/** What each of them asks for, in words that follow the name of a field. */
export const SLUG_RULE =
  'must be 1 to 63 lower-case letters, digits, - and _, beginning with a letter or digit, and not a reserved word';
export const OPAQUE_ID_RULE = 'must be 1 to 64 letters, digits and - . _ ~, and not a reserved word';
export const USER_ID_RULE =
  'must be 1 to 64 letters, digits and - . _ ~ | @ + =, not begin with one of the last four, and not be a reserved word';

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

export const isTenantId = (id: string): boolean => isSlug(id) && !RESERVED_TENANTS.has(id);
export const isWorkspaceId = (id: string): boolean => isSlug(id) && !RESERVED_WORKSPACES.has(id);

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
