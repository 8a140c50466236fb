import type { JsonWebKey } from 'node:crypto';
import type { SigningAlg } from './signing_key.ts';
import { LONGEST_TOKEN_SECONDS } from './workspace.ts';

/** `next` is published and does not sign yet, `current` signs, `rotated` is published for what it has signed. */
export type KeyStatus = 'next' | 'current' | 'rotated' | 'revoked';

/** A signing key as it may be shown: its private part is in no such object. */
export type SigningKey = {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly status: KeyStatus;
  readonly publicJwk: JsonWebKey;
  readonly createdAt: Date;
  /** When it began to sign, was followed by another, was revoked. */
  readonly promotedAt: Date | null;
  readonly rotatedAt: Date | null;
  readonly revokedAt: Date | null;
  /** When the key itself goes. */
  readonly retireAfter: Date | null;
};

/** The keys of one algorithm. `rowVersion` counts the changes to any key of the workspace. */
export type KeyList = { readonly rowVersion: number; readonly keys: readonly SigningKey[] };

/** One key, with the version of the list that it belongs to. */
export type VersionedKey = SigningKey & { readonly rowVersion: number };

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** How long others may keep the public documents of a workspace, the JWKS among them. */
export const DOCUMENTS_KEPT_SECONDS = 5 * MINUTE;

/**
 * For so long a key is published before it signs: the five minutes, two seconds until every process publishes
 * it, and what a slow commit or a slow answer may add.
 */
export const PUBLISHED_BEFORE_USE_SECONDS = DOCUMENTS_KEPT_SECONDS + 30;

/** ID tokens are hints of who signs out for as long as the session may last; beyond this the hint is refused. */
const LONGEST_HINT_SECONDS = 7 * DAY;
/** Clocks of others, and processes that sign with the old key until they hear of the new one. */
const LEEWAY_SECONDS = 5 * MINUTE;

/**
 * For how long a key that signs no more stays published. Counted from the longest life that any token may have,
 * not from what is set at the moment: what was issued before the setting was lowered is alive too.
 */
export const publishedAfterUseSeconds = (sessionSeconds: number): number =>
  Math.max(LONGEST_TOKEN_SECONDS, Math.min(sessionSeconds, LONGEST_HINT_SECONDS)) + LEEWAY_SECONDS;

/** A revoked key stays in the list for so long; its record in the audit log is kept as all others are. */
export const REVOKED_LISTED_SECONDS = 90 * DAY;

/** Bounds the JWKS, which every client of the workspace reads: about 40 KB. */
export const MAX_ROTATED_KEYS = 100;

/** From when on the next key may sign. */
export const usableFrom = (key: Pick<SigningKey, 'createdAt'>): Date =>
  new Date(key.createdAt.getTime() + PUBLISHED_BEFORE_USE_SECONDS * 1000);
