import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countCodePoints, normalizePassword } from '../../src/credentials/password.ts';

const accepted = (typed: string) => {
  const result = normalizePassword(typed);
  return result.ok ? result.password : undefined;
};

describe('a password', () => {
  test('is the same however its accents are composed', () => {
    expect(accepted('cafe\u0301-latte')).toBe(accepted('caf\u00e9-latte'));
  });

  test('keeps its spaces, its case and all of its length', () => {
    expect(accepted('  Correct horse  ')).toBe('  Correct horse  ');
    expect(accepted('x'.repeat(256))).toHaveLength(256);
    expect(accepted('😀'.repeat(256))).toBe('😀'.repeat(256));
  });

  test('is refused above 256 characters or 1024 bytes, also when it only grows that long', () => {
    const tooLong = { ok: false, reason: 'too_long' };
    expect(normalizePassword('x'.repeat(257))).toEqual(tooLong);
    expect(normalizePassword('x'.repeat(1_000_000))).toEqual(tooLong);
    // One Arabic ligature, eighteen characters in NFKC.
    expect(normalizePassword('\ufdfa'.repeat(20))).toEqual(tooLong);
  });

  test('is refused with a NUL or half a character in it', () => {
    expect(normalizePassword('abc\0def')).toEqual({ ok: false, reason: 'nul' });
    expect(normalizePassword('abc\ud800def')).toEqual({ ok: false, reason: 'malformed_unicode' });
  });

  test('once accepted, is accepted again unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (typed) => {
        const once = accepted(typed);
        if (once !== undefined) expect(accepted(once)).toBe(once);
      }),
    );
  });

  test('is counted in characters, not in code units', () => {
    expect(countCodePoints('😀😀😀😀')).toBe(4);
  });
});
