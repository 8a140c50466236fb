import { createHash, timingSafeEqual } from 'node:crypto';
import type { Hasher } from './hasher.ts';
import { readPhc, writePhc } from './phc.ts';

const NAME = 'salted-digest';

export const DIGEST_BYTES = { md5: 16, sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 } as const;
export type DigestFunction = keyof typeof DIGEST_BYTES;
export const DIGEST_FUNCTIONS = Object.keys(DIGEST_BYTES) as DigestFunction[];

/** What is digested: the salt before the password (contract 5.11), or after it (LDAP). */
export type SaltPlace = 'before' | 'after';

/** One round of a fast digest, for imported hashes: whoever has the table guesses them by the billion. */
export const saltedDigest: Hasher = {
  name: NAME,
  prefix: `$${NAME}$`,
  bounds: 'md5, sha1, sha224, sha256, sha384 or sha512, and a digest of its length',
  cheap: true,

  isHash: (stored) => parse(stored) !== undefined,

  async verify(password, stored) {
    const parsed = parse(stored);
    if (parsed === undefined) return false;
    const { f, place, salt, digest } = parsed;
    const parts = place === 'before' ? [salt, password] : [password, salt];
    const hash = createHash(f);
    for (const part of parts) hash.update(part);
    return timingSafeEqual(hash.digest(), digest);
  },
};

/** The text under which such a digest is stored. */
export const formatSaltedDigest = (
  f: DigestFunction,
  place: SaltPlace,
  salt: Buffer,
  digest: Buffer,
): string => writePhc(NAME, { f, salt: place }, salt, digest);

function parse(stored: string) {
  const phc = readPhc(NAME, stored);
  const f = DIGEST_FUNCTIONS.find((name) => name === phc?.parameters.get('f'));
  const place = phc?.parameters.get('salt');
  if (!phc || !f || (place !== 'before' && place !== 'after')) return undefined;
  return phc.digest.length === DIGEST_BYTES[f] ? { f, place, salt: phc.salt, digest: phc.digest } : undefined;
}
