import { formatPbkdf2, PBKDF2_DIGESTS, type Pbkdf2Digest } from './pbkdf2.ts';
import { fromBase64, fromHex, log2, read, refused, type ReadHash } from './read_hash.ts';
import { formatSaltedDigest, type DigestFunction } from './salted_digest.ts';
import { formatScrypt } from './scrypt.ts';
import { readLdapHash } from './imported_ldap.ts';

type Reader = (...groups: string[]) => ReadHash | undefined;

/** What a text begins with, and how it goes on. Groups that are absent are empty. */
const FORMS: readonly (readonly [RegExp, Reader])[] = [
  // PHC strings and our own: as they are, but for padding that some programs leave on.
  [
    /^(\$(?:argon2id?|scrypt|firebase-scrypt|salted-digest)\$.+)$/,
    (text) => read(text.replaceAll('=$', '$').replace(/=+$/, '')),
  ],
  // crypt(3), as shadow files and directories have it.
  [/^(\$(?:[156]|apr1)\$.+)$/, (text) => read(text)],
  [/^\$argon2d\$/, () => refused('argon2d is not verified here: argon2id and argon2i are')],
  [/^\$2x\$/, () => refused('is the output of an old faulty bcrypt ($2x$)')],
  [/^(\$2[aby]?\$.+)$/, (text) => read(text)],
  // Django names the program, then writes its own form.
  [/^(?:argon2|bcrypt)(\$.+)$/, (text) => readTextHash(text.replace(/^\$\$/, '$'))],
  [/^bcrypt_sha256\$/, () => refused('bcrypt over a digest (bcrypt_sha256) is not verified here')],
  // PHC, with or without the length of the key.
  [
    /^\$pbkdf2-(sha\d+)\$i=(\d+)(?:,l=\d+)?\$([^$]*)\$([^$]*)$/,
    (digest, count, salt, key) => pbkdf2(digest, count, salt, key),
  ],
  // Passlib (MCF); without a name it is SHA-1. A full stop stands for a plus.
  [
    /^\$pbkdf2(?:-(sha\d+))?\$(\d+)\$([^$]*)\$([^$]*)$/,
    (digest, count, salt, key) => pbkdf2(digest || 'sha1', count, dotted(salt), dotted(key)),
  ],
  [
    /^pbkdf2_(sha\d+)\$(\d+)\$([^$]*)\$([^$]*)$/,
    (digest, count, salt, key) => pbkdf2(digest, count, Buffer.from(salt ?? ''), key),
  ],
  [
    /^pbkdf2:(sha\d+):(\d+)\$([^$]*)\$([0-9a-f]+)$/,
    (digest, count, salt, key) => pbkdf2(digest, count, Buffer.from(salt ?? ''), fromHex(key ?? '')),
  ],
  [
    /^scrypt\$(\d+)\$([^$]*)\$(\d+)\$(\d+)\$([^$]*)$/,
    (n, salt, r, p, key) => scrypt(n, r, p, salt, fromBase64(key ?? '')),
  ],
  [
    /^scrypt:(\d+):(\d+):(\d+)\$([^$]*)\$([0-9a-f]+)$/,
    (n, r, p, salt, key) => scrypt(n, r, p, salt, fromHex(key ?? '')),
  ],
  // Django's oldest: the digest of salt and password.
  [
    /^(md5|sha1)\$([^$]*)\$([0-9a-f]+)$/,
    (f, salt, digest) =>
      read(
        formatSaltedDigest(
          f as DigestFunction,
          'before',
          Buffer.from(salt ?? ''),
          fromHex(digest ?? '') ?? Buffer.alloc(0),
        ),
      ),
  ],
  [
    /^\{([A-Za-z0-9-]{1,20})\}(.*)$/,
    (scheme = '', rest = '') => readLdapHash(scheme.toUpperCase(), rest) ?? readTextHash(rest),
  ],
];

/** Reads a hash that is one text. The bounds of its parameters are the caller's to check. */
export function readTextHash(text: string): ReadHash {
  for (const [pattern, reader] of FORMS) {
    const [, ...groups] = pattern.exec(text) ?? [];
    if (!pattern.test(text)) continue;
    return (
      reader(...groups.map((group) => group ?? '')) ??
      refused('has salt, digest or costs that cannot be read')
    );
  }
  return refused('is a hash of no known format');
}

const dotted = (text = ''): string => text.replaceAll('.', '+');

function pbkdf2(
  name: string | undefined,
  count: string | undefined,
  salt: Buffer | string | undefined,
  key: Buffer | string | undefined,
): ReadHash | undefined {
  const digest = PBKDF2_DIGESTS.find((known) => known === name);
  if (digest === undefined) return refused(`${name} is no digest that PBKDF2 is verified with here`);
  return pbkdf2Of(digest, Number(count), bytes(salt), bytes(key));
}

/** The stored form of a PBKDF2 key; undefined when a part is missing. */
export function pbkdf2Of(
  digest: Pbkdf2Digest,
  iterations: number,
  salt: Buffer | undefined,
  key: Buffer | undefined,
): ReadHash | undefined {
  return salt && key && read(formatPbkdf2(digest, iterations, salt, key));
}

const bytes = (part: Buffer | string | undefined): Buffer | undefined =>
  typeof part === 'string' ? fromBase64(part) : part;

function scrypt(
  n: string | undefined,
  r: string | undefined,
  p: string | undefined,
  salt: string | undefined,
  key: Buffer | undefined,
): ReadHash | undefined {
  const ln = log2(Number(n));
  if (ln === undefined || key === undefined) return undefined;
  return read(formatScrypt({ ln, r: Number(r), p: Number(p) }, Buffer.from(salt ?? ''), key));
}
