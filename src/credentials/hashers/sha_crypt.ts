import { createHash, timingSafeEqual } from 'node:crypto';
import { setImmediate as otherWork } from 'node:timers/promises';
import { encode24, repeatTo } from './crypt_text.ts';
import type { Hasher } from './hasher.ts';

const DEFAULT_ROUNDS = 5000;
const MIN_ROUNDS = 1000;
// Half a second of one core: these rounds are counted in JavaScript (S-PW-13).
const MAX_ROUNDS = 100_000;
const ROUNDS_A_TURN = 500;

type Variant = {
  readonly prefix: '$5$' | '$6$';
  readonly f: 'sha256' | 'sha512';
  readonly chars: number;
  readonly encode: (digest: Buffer) => string;
};

const FORM = /^\$([56])\$(?:rounds=([1-9][0-9]{3,8})\$)?([./A-Za-z0-9]{1,16})\$([./A-Za-z0-9]+)$/;

const at = (digest: Buffer, index: number): number => digest[index] ?? 0;

/** crypt(3) with SHA-2 (akkadia.org/drepper/SHA-crypt.txt), as directories and shadow files have it. */
const variant = ({ prefix, f, chars, encode }: Variant): Hasher => ({
  name: `crypt-${f}`,
  prefix,
  bounds: `at most ${MAX_ROUNDS} rounds, a salt of 1 to 16 characters, ${chars} characters of digest`,

  isHash: (stored) => parse(stored) !== undefined,

  async verify(password, stored) {
    const parsed = parse(stored);
    if (parsed === undefined) return false;
    const own = encode(await digestOf(f, Buffer.from(password), Buffer.from(parsed.salt), parsed.rounds));
    return timingSafeEqual(Buffer.from(own), Buffer.from(parsed.digest));
  },
});

export const sha256Crypt: Hasher = variant({
  prefix: '$5$',
  f: 'sha256',
  chars: 43,
  encode(digest) {
    let [a, b, c] = [0, 10, 20];
    let text = '';
    for (let i = 0; i < 10; i += 1) {
      text += encode24(at(digest, a), at(digest, b), at(digest, c));
      [a, b, c] = [c + 1, a + 1, b + 1];
    }
    return text + encode24(0, at(digest, 31), at(digest, 30), 3);
  },
});

export const sha512Crypt: Hasher = variant({
  prefix: '$6$',
  f: 'sha512',
  chars: 86,
  encode(digest) {
    let [a, b, c] = [0, 21, 42];
    let text = '';
    for (let i = 0; i < 21; i += 1) {
      text += encode24(at(digest, a), at(digest, b), at(digest, c));
      [a, b, c] = [b + 1, c + 1, a + 1];
    }
    return text + encode24(0, 0, at(digest, 63), 2);
  },
});

function parse(stored: string): { rounds: number; salt: string; digest: string } | undefined {
  const [, kind, list, salt = '', digest = ''] = FORM.exec(stored) ?? [];
  const rounds = list === undefined ? DEFAULT_ROUNDS : Number(list);
  if (digest.length !== (kind === '5' ? 43 : 86)) return undefined;
  return rounds >= MIN_ROUNDS && rounds <= MAX_ROUNDS ? { rounds, salt, digest } : undefined;
}

async function digestOf(f: Variant['f'], password: Buffer, salt: Buffer, rounds: number): Promise<Buffer> {
  const hash = (...parts: readonly Buffer[]): Buffer => {
    const sum = createHash(f);
    for (const part of parts) sum.update(part);
    return sum.digest();
  };
  const alternate = hash(password, salt, password);
  const first: Buffer[] = [password, salt, repeatTo(alternate, password.length)];
  for (let left = password.length; left > 0; left >>= 1) first.push(left & 1 ? alternate : password);
  let digest = hash(...first);
  const p = repeatTo(
    hash(...Array.from<Buffer>({ length: password.length }).fill(password)),
    password.length,
  );
  const s = repeatTo(hash(...Array.from<Buffer>({ length: 16 + at(digest, 0) }).fill(salt)), salt.length);
  const empty = Buffer.alloc(0);
  for (let i = 0; i < rounds; i += 1) {
    const [begin, end] = i & 1 ? [p, digest] : [digest, p];
    digest = hash(begin, i % 3 ? s : empty, i % 7 ? p : empty, end);
    // It is not done in another thread, so it makes way for others now and then.
    if (i % ROUNDS_A_TURN === ROUNDS_A_TURN - 1) await otherWork();
  }
  return digest;
}
