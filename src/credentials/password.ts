export type PasswordRefusal = 'too_long' | 'nul' | 'malformed_unicode';

export type NormalizedPassword = { ok: true; password: string } | { ok: false; reason: PasswordRefusal };

// Bounds what reaches the hash (S-PW-02); counted after normalisation, which can make a text longer.
const MAX_CODE_POINTS = 256;
const MAX_BYTES = 1024;

/**
 * The form of a password that is hashed, the same when it is set and when it is checked (NIST SP 800-63B
 * §3.1.1.2: NFKC). Nothing is trimmed, folded or cut. The lower limit belongs to the pool's password policy.
 */
export function normalizePassword(typed: string): NormalizedPassword {
  // UTF-8 needs at least one byte for each UTF-16 unit, so this bounds the work below as well.
  if (typed.length > MAX_BYTES) return { ok: false, reason: 'too_long' };
  // A lone surrogate has no UTF-8 form: two different passwords would be hashed as one.
  if (!typed.isWellFormed()) return { ok: false, reason: 'malformed_unicode' };
  if (typed.includes('\0')) return { ok: false, reason: 'nul' };

  const password = typed.normalize('NFKC');
  const tooLong = Buffer.byteLength(password) > MAX_BYTES || countCodePoints(password) > MAX_CODE_POINTS;
  return tooLong ? { ok: false, reason: 'too_long' } : { ok: true, password };
}

/** How long a text is in the unit that people and password policies count in (S-PW-04). */
export function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
