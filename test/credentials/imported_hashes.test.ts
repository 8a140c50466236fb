import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readImportedHash } from '../../src/credentials/hashers/imported.ts';
import { isKnownHash, needsRehash, verifyPassword } from '../../src/credentials/hashers/index.ts';
import { VECTORS } from '../support/imported_hashes.ts';

const stored = (form: unknown): string => {
  const read = readImportedHash(form);
  if (!read.ok) throw new Error(read.reason);
  return read.stored;
};
const base64 = (text: string, encoding: BufferEncoding = 'utf8') =>
  Buffer.from(text, encoding).toString('base64');
const filled = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64');

describe('a hash from elsewhere', () => {
  test.each(VECTORS)(
    '$name: fits its password and no other, and asks to be replaced',
    async ({ form, password }) => {
      const text = stored(form);
      expect(await verifyPassword(password, text)).toBe(true);
      expect(await verifyPassword(`${password} `, text)).toBe(false);
      expect(needsRehash(text)).toBe(true);
      // What is exported can be imported again.
      expect(readImportedHash(text)).toEqual({ ok: true, stored: text });
      if (typeof form === 'object')
        expect(readImportedHash(JSON.stringify(form))).toEqual({ ok: true, stored: text });
    },
  );

  test('with its salt inside the value is the same as with the salt beside it', () => {
    const digest = Buffer.from('3f86d0d3d465b7b458c231bf3555c0e3', 'hex');
    const salt = Buffer.from('seasalt');
    const md5 = (value: Buffer, more: object) => ({
      value: value.toString('base64'),
      config: { method: 'md5', md5: more },
    });
    const beside = stored(md5(digest, { salt: salt.toString('base64') }));
    expect(stored(md5(Buffer.concat([salt, digest]), { salt_length: 7 }))).toBe(beside);
    const after = { salt_length: 7, salt: '', salt_after_digest_in_hash: true };
    expect(stored(md5(Buffer.concat([digest, salt]), after))).toBe(beside);
    expect(stored('md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3')).toBe(beside);
  });

  const pbkdf2 = (config: object, value = filled(32)) => ({
    value,
    config: {
      method: 'pbkdf2',
      pbkdf2: { function: 'sha256', number_of_iterations: 1000, salt: base64('salt'), ...config },
    },
  });

  test.each<[string, unknown, RegExp]>([
    ['nothing', '', /empty/],
    ['a word', 'plain', /no known format/],
    ['a number', 5, /no hash/],
    ['a list', [], /no hash/],
    ['a very long text', '$2b$'.repeat(2000), /4096/],
    ['garbage after a known name', '$argon2id$garbage', /version 19/],
    ['4 GiB of memory', `$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0$${'A'.repeat(43)}`, /256 MiB/],
    ['argon2d', `$argon2d$v=19$m=4096,t=2,p=1$c2FsdHNhbHRzYWx0$${'A'.repeat(43)}`, /argon2d/],
    ['a bcrypt that takes days', '$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', /4 to 15/],
    ['the faulty bcrypt', '$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', /\$2x\$/],
    ['a cut bcrypt', '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQ', /53 characters/],
    ['bcrypt over a digest', 'bcrypt_sha256$$2b$12$x', /bcrypt_sha256/],
    ['eleven million iterations', pbkdf2({ number_of_iterations: 11_000_000 }), /10000000/],
    ['no iterations', pbkdf2({ number_of_iterations: 0 }), /iterations/],
    ['an unknown digest', pbkdf2({ function: 'whirlpool' }), /function/],
    ['no salt', pbkdf2({ salt: '' }), /salt/],
    ['a salt of another length', pbkdf2({ salt_length: 5 }), /salt_length/],
    ['a key of another length', pbkdf2({ key_length: 64 }), /key_length/],
    ['a value that is not base64', pbkdf2({}, 'a'), /base64/],
    ['a field that nobody knows', pbkdf2({ pepper: 'x' }), /pepper/],
    ['crypt with too many rounds', `$6$rounds=656000$salt$${'a'.repeat(86)}`, /100000 rounds/],
    ['crypt by DES', '{CRYPT}abJnggxhB/yWI', /begins with/],
    ['a gigabyte for scrypt', `$scrypt$ln=20,r=8,p=1$c2FsdA$${'A'.repeat(43)}`, /131072/],
    ['a scrypt cost that is no power of two', 'scrypt$1000$salt$8$1$AAAA', /cannot be read/],
    [
      'a digest of the wrong length',
      { value: filled(19), config: { method: 'sha', sha: { function: 'sha1', salt: base64('s') } } },
      /20 bytes/,
    ],
    ['a digest that is no digest', '{SSHA}!!', /base64/],
    ['a salted digest without its salt', `{SSHA}${filled(20)}`, /salt/],
    ['a password in clear', '{CLEARTEXT}secret', /clear/],
    ['an unknown scheme', '{WHIRLPOOL}x', /WHIRLPOOL/],
    ['a scheme inside a scheme', '{CRYPT}{CRYPT}$2b$x', /CRYPT/],
    ['half a Keycloak credential', { secretData: { value: 'AA==', salt: 'AA==' } }, /expected/],
    [
      'an unknown Keycloak algorithm',
      { secretData: { value: 'AA==', salt: 'AA==' }, credentialData: { algorithm: 'x', hashIterations: 1 } },
      /algorithm/,
    ],
    [
      'a short signer key',
      {
        value: filled(64),
        config: {
          method: 'firebase_scrypt',
          firebase_scrypt: {
            salt: 'AA==',
            signer_key: filled(63),
            salt_separator: 'Bw==',
            rounds: 8,
            mem_cost: 14,
          },
        },
      },
      /64 bytes/,
    ],
  ])('that is %s is refused with the reason', (_, form, reason) => {
    const read = readImportedHash(form);
    expect(read).toEqual({ ok: false, reason: expect.stringMatching(reason) as string });
  });

  test('is taken only when it can be checked, whatever it is', () => {
    const texts = VECTORS.flatMap(({ form }) => (typeof form === 'string' ? [form] : []));
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(120), fc.string(), (text, at, junk) => {
        const read = readImportedHash(text.slice(0, at) + junk + text.slice(at));
        if (read.ok) expect(isKnownHash(read.stored)).toBe(true);
        else expect(read.reason).not.toBe('');
      }),
    );
    fc.assert(
      fc.property(fc.anything(), (form) => {
        expect(readImportedHash(form).ok).toBe(false);
      }),
    );
  });
});
