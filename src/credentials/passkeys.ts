import { createHash } from 'node:crypto';

/** Who asks an authenticator for keys: bound to the host of PUBLIC_URL, answered from its origin alone. */
export type RelyingParty = { readonly id: string; readonly origin: string };

/** The relying party that a public URL stands for. */
export function relyingPartyOf(publicUrl: string): RelyingParty {
  const { hostname, origin } = new URL(publicUrl);
  return { id: hostname, origin };
}

/** ES256, EdDSA and RS256 by their COSE numbers, in the order in which they are wanted. */
export const PASSKEY_ALGORITHMS: readonly number[] = [-7, -8, -257];

// WebAuthn L3 §4: the longest credential id.
const MAX_ID_BYTES = 1023;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** A key as it is registered. Bytes are base64url without padding. */
export type NewPasskey = {
  readonly id: string;
  readonly publicKey: string;
  /** Null where another party ran the ceremony and chose the handle. */
  readonly userHandle: string | null;
  readonly transports: readonly string[];
  readonly signCount: number;
  readonly userVerified: boolean;
  readonly backupEligible: boolean;
  readonly backupState: boolean;
  /** As a UUID; all zeros where the authenticator does not say. */
  readonly aaguid: string;
  readonly attachment: string;
  readonly attestationType: string;
};

export type Passkey = NewPasskey & {
  readonly name: string;
  readonly cloneWarning: boolean;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
};

/**
 * The one form of a key's id: base64url, whichever alphabet and padding it came in. Undefined for what cannot be
 * one.
 */
export function passkeyId(text: string): string | undefined {
  const id = base64url(text);
  if (id === undefined || id === '' || Buffer.byteLength(id, 'base64url') > MAX_ID_BYTES) return undefined;
  return id;
}

/** Base64 of either alphabet, padded or not, as base64url without padding; undefined for anything else. */
export function base64url(text: string): string | undefined {
  const unpadded = text
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/={1,2}$/, '');
  if (unpadded === '') return '';
  if (!BASE64URL.test(unpadded) || unpadded.length % 4 === 1) return undefined;
  // Two texts for the same bytes would be two keys.
  return Buffer.from(unpadded, 'base64url').toString('base64url');
}

/**
 * What an authenticator keeps beside a person's keys: no address and no name, the same for every key of the
 * person, and of nobody else on this host, whatever the tenant (S-WA-08, S-WA-12).
 */
export function userHandleOf(scope: {
  readonly tenantId: string;
  readonly poolId: string;
  readonly userId: string;
}): string {
  const place = JSON.stringify(['passkey', scope.tenantId, scope.poolId, scope.userId]);
  return createHash('sha256').update(place).digest('base64url');
}
