import { createCipheriv, timingSafeEqual } from 'node:crypto';
import type { Hasher } from './hasher.ts';
import { readPhc, writePhc } from './phc.ts';
import { deriveScrypt, scryptCosts, scryptMs } from './scrypt.ts';

const NAME = 'firebase-scrypt';
const AES_KEY_BYTES = 32;
// Every project's signer key and every hash made with it have this length.
const SIGNER_KEY_BYTES = 64;
const NO_IV = Buffer.alloc(16);

export type FirebaseScrypt = {
  readonly memCost: number;
  readonly rounds: number;
  readonly salt: Buffer;
  readonly saltSeparator: Buffer;
  readonly signerKey: Buffer;
  readonly digest: Buffer;
};

/** A key derived by scrypt encrypts the project's signer key; what comes out is the hash (github.com/firebase/scrypt). */
export const firebaseScrypt: Hasher = {
  name: NAME,
  prefix: `$${NAME}$`,
  bounds: 'mem_cost up to 17, rounds up to 16, a signer key and a hash of 64 bytes each',

  costMs: (stored) => scryptMs(parse(stored)?.costs),

  isHash: (stored) => parse(stored) !== undefined,

  async verify(password, stored) {
    const parsed = parse(stored);
    if (parsed === undefined) return false;
    const { costs, salt, signerKey, digest } = parsed;
    const key = await deriveScrypt(password, salt, AES_KEY_BYTES, costs);
    const cipher = createCipheriv('aes-256-ctr', key, NO_IV);
    return timingSafeEqual(Buffer.concat([cipher.update(signerKey), cipher.final()]), digest);
  },
};

/** The text under which such a hash is stored: nothing that a check needs lies elsewhere. */
export function formatFirebaseScrypt(hash: FirebaseScrypt): string {
  const { memCost: ln, rounds: r, salt, saltSeparator, signerKey, digest } = hash;
  // Signer key and digest share the last part; both are as long as one another.
  return writePhc(
    NAME,
    { ln, r, p: 1 },
    Buffer.concat([salt, saltSeparator]),
    Buffer.concat([signerKey, digest]),
  );
}

function parse(stored: string) {
  const phc = readPhc(NAME, stored);
  const costs = phc && scryptCosts(phc);
  if (!phc || !costs || phc.digest.length !== 2 * SIGNER_KEY_BYTES) return undefined;
  const signerKey = phc.digest.subarray(0, SIGNER_KEY_BYTES);
  return { costs, salt: phc.salt, signerKey, digest: phc.digest.subarray(SIGNER_KEY_BYTES) };
}
