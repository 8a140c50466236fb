import { randomBytes } from 'node:crypto';
import type { Sealer } from '../security/seal.ts';
import type { UserScope } from '../users/user.ts';

/** How many codes a person gets at once. */
export const RECOVERY_CODES = 10;

// Crockford's base 32: no letter that is taken for a digit.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
// 80 bits: more than anybody guesses, few enough to type (S-REC-05 asks for 64).
const CHARACTERS = 16;
const GROUP = 4;
const HASH_PURPOSE = 'recovery_code';
const MAX_TYPED_LENGTH = 64;
const PLAIN = new RegExp(`^[${ALPHABET}]{${CHARACTERS}}$`);

/** A new code in its readable form: `7k2m-9x0q-c4wd-a1zn`. */
export function newRecoveryCode(): string {
  const characters = [...randomBytes(CHARACTERS)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return characters.replaceAll(new RegExp(`.{${GROUP}}(?=.)`, 'g'), '$&-');
}

/** The code as it is compared: whatever case and groups it was typed in; undefined for what can be none. */
export function readRecoveryCode(typed: string): string | undefined {
  const plain = typed
    .slice(0, MAX_TYPED_LENGTH)
    .toLowerCase()
    .replaceAll(/[\s-]/g, '')
    .replaceAll('o', '0')
    .replaceAll(/[il]/g, '1');
  return PLAIN.test(plain) ? plain : undefined;
}

// The hash holds for this person only: copied to another one it proves nothing.
const bound = ({ tenantId, poolId, userId }: UserScope, plain: string): string =>
  JSON.stringify([tenantId, poolId, userId, plain]);

/** What is stored of a code. */
export const hashRecoveryCode = (sealer: Sealer, scope: UserScope, code: string): string =>
  sealer.keyedHash(HASH_PURPOSE, bound(scope, readRecoveryCode(code) ?? ''));

/** Whether a typed code is the one that was stored, compared in constant time. */
export const matchesRecoveryCode = (
  sealer: Sealer,
  scope: UserScope,
  plain: string,
  stored: string,
): boolean => sealer.matchesKeyedHash(HASH_PURPOSE, bound(scope, plain), stored);
