import { PBKDF2_DIGESTS, formatPbkdf2 } from './pbkdf2.ts';
import { fromBase64, read, refused, type ReadHash } from './read_hash.ts';
import { DIGEST_BYTES, formatSaltedDigest, type DigestFunction } from './salted_digest.ts';

/** RFC 2307 and what directories added: the digest of password and salt, then the salt. */
const DIGESTS: Readonly<Record<string, { readonly f: DigestFunction; readonly salted: boolean }>> = {
  MD5: { f: 'md5', salted: false },
  SMD5: { f: 'md5', salted: true },
  SHA: { f: 'sha1', salted: false },
  SSHA: { f: 'sha1', salted: true },
  SHA224: { f: 'sha224', salted: false },
  SSHA224: { f: 'sha224', salted: true },
  SHA256: { f: 'sha256', salted: false },
  SSHA256: { f: 'sha256', salted: true },
  SHA384: { f: 'sha384', salted: false },
  SSHA384: { f: 'sha384', salted: true },
  SHA512: { f: 'sha512', salted: false },
  SSHA512: { f: 'sha512', salted: true },
};

/** Schemes around a text that names its own format. */
const WRAPPERS: ReadonlySet<string> = new Set(['CRYPT', 'ARGON2', 'BCRYPT']);
const IN_CLEAR: ReadonlySet<string> = new Set(['CLEARTEXT', 'CLEAR', 'PLAIN', 'NOOP']);

/** Reads what follows `{SCHEME}`; undefined when it is a text of its own format. */
export function readLdapHash(scheme: string, rest: string): ReadHash | undefined {
  const digest = Object.hasOwn(DIGESTS, scheme) ? DIGESTS[scheme] : undefined;
  if (digest !== undefined) return saltedDigest(scheme, digest, rest);
  if (WRAPPERS.has(scheme) && !rest.startsWith('{')) {
    return rest.startsWith('$') ? undefined : refused(`{${scheme}} must hold a hash that begins with $`);
  }
  if (IN_CLEAR.has(scheme)) return refused('is a password in clear: hash it first, or invite the person');
  if (scheme.startsWith('PBKDF2')) return pbkdf2(scheme, rest);
  return refused(`{${scheme}} is not verified here`);
}

function saltedDigest(
  scheme: string,
  { f, salted }: { f: DigestFunction; salted: boolean },
  rest: string,
): ReadHash {
  const bytes = fromBase64(rest);
  const length = DIGEST_BYTES[f];
  if (bytes === undefined || bytes.length < length)
    return refused(`{${scheme}} must hold ${length} bytes in base64`);
  const salt = bytes.subarray(length);
  if (salted !== salt.length > 0) {
    return refused(
      salted ? `{${scheme}} must end with its salt` : `{${scheme}} must hold ${length} bytes and no salt`,
    );
  }
  return read(formatSaltedDigest(f, 'after', salt, bytes.subarray(0, length)));
}

/** OpenLDAP's pw-pbkdf2: without a name it is SHA-1. A full stop stands for a plus. */
function pbkdf2(scheme: string, rest: string): ReadHash {
  const name = scheme === 'PBKDF2' ? 'sha1' : scheme.slice('PBKDF2-'.length).toLowerCase();
  const digest = PBKDF2_DIGESTS.find((known) => known === name);
  const [, count = '', salt = '', key = ''] =
    /^(\d+)\$([^$]+)\$([^$]+)$/.exec(rest.replaceAll('.', '+')) ?? [];
  const [saltBytes, keyBytes] = [fromBase64(salt), fromBase64(key)];
  if (digest === undefined || count === '' || saltBytes === undefined || keyBytes === undefined) {
    return refused(`{${scheme}} must hold iterations$salt$key`);
  }
  return read(formatPbkdf2(digest, Number(count), saltBytes, keyBytes));
}
