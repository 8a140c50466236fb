import { createHash, timingSafeEqual } from 'node:crypto';
import { encode24, repeatTo } from './crypt_text.ts';
import type { Hasher } from './hasher.ts';

const ROUNDS = 1000;
const FORM = /^(\$1\$|\$apr1\$)([./A-Za-z0-9]{1,8})\$([./A-Za-z0-9]{22})$/;

/** crypt(3) with MD5, and what Apache made of it, for imported hashes. Takes a millisecond. */
const variant = (prefix: '$1$' | '$apr1$'): Hasher => ({
  name: `crypt-md5${prefix === '$1$' ? '' : '-apr1'}`,
  prefix,
  bounds: 'a salt of 1 to 8 characters and 22 characters of digest',
  cheap: true,

  isHash: (stored) => FORM.test(stored),

  async verify(password, stored) {
    const [, magic = '', salt = '', text = ''] = FORM.exec(stored) ?? [];
    if (text === '') return false;
    const own = encode(digestOf(Buffer.from(password), Buffer.from(magic), Buffer.from(salt)));
    return timingSafeEqual(Buffer.from(own), Buffer.from(text));
  },
});

export const md5Crypt: Hasher = variant('$1$');
export const apacheMd5Crypt: Hasher = variant('$apr1$');

function digestOf(password: Buffer, magic: Buffer, salt: Buffer): Buffer {
  const hash = (...parts: readonly Buffer[]): Buffer => {
    const sum = createHash('md5');
    for (const part of parts) sum.update(part);
    return sum.digest();
  };
  const alternate = hash(password, salt, password);
  const first: Buffer[] = [password, magic, salt, repeatTo(alternate, password.length)];
  for (let left = password.length; left > 0; left >>= 1) {
    first.push(left & 1 ? Buffer.alloc(1) : password.subarray(0, 1));
  }
  let digest = hash(...first);
  const empty = Buffer.alloc(0);
  for (let i = 0; i < ROUNDS; i += 1) {
    const [begin, end] = i & 1 ? [password, digest] : [digest, password];
    digest = hash(begin, i % 3 ? salt : empty, i % 7 ? password : empty, end);
  }
  return digest;
}

function encode(digest: Buffer): string {
  const at = (index: number): number => digest[index] ?? 0;
  let text = '';
  for (let i = 0; i < 5; i += 1) text += encode24(at(i), at(i + 6), at(i === 4 ? 5 : i + 12));
  return text + encode24(0, 0, at(11), 2);
}
