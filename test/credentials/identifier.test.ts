import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalIdentifier,
  parseEmail,
  parseMobile,
  validateIdentifier,
} from '../../src/credentials/identifier.ts';

const folded = (value: string) => canonicalIdentifier(value, { caseInsensitive: true });
const exact = (value: string) => canonicalIdentifier(value, { caseInsensitive: false });

describe('the canonical form of an identifier', () => {
  test('ignores case in a domain always, in the rest only where the pool says so', () => {
    expect(exact('Mike@Example.TEST')).toBe('Mike@example.test');
    expect(folded('Mike@Example.TEST')).toBe('mike@example.test');
    expect(exact('Mike')).toBe('Mike');
    expect(folded('Mike')).toBe('mike');
    expect(folded('ŁUKASZ@żółw.test')).toBe(folded('łukasz@ŻÓŁW.test'));
  });

  test('knows an international domain by either of its two spellings', () => {
    expect(exact('ann@münchen.test')).toBe('ann@xn--mnchen-3ya.test');
    expect(exact('ann@xn--mnchen-3ya.test')).toBe('ann@xn--mnchen-3ya.test');
    expect(exact('ann@MÜNCHEN.test')).toBe('ann@xn--mnchen-3ya.test');
  });

  test('is the same however accents are composed, and keeps the accents', () => {
    expect(exact('cafe\u0301@x.test')).toBe(exact('caf\u00e9@x.test'));
    expect(folded('m\u00edke@x.test')).not.toBe(folded('mike@x.test'));
  });

  test.each([
    ['dotless i', 'm\u0131ke@x.test'],
    ['capital dotted I', 'M\u0130KE@x.test'],
    ['fullwidth i', 'm\uff49ke@x.test'],
    ['fullwidth capital I', 'M\uff29KE@x.test'],
    ['long s in the domain', 'mike@x.te\u017ft'],
    ['fullwidth letter in the domain', 'mike@\uff58.test'],
    ['Kelvin sign', 'mi\u212ae@x.test'],
    ['fullwidth at sign', 'mike\uff20x.test'],
    ['ideographic full stop', 'mike@x\u3002test'],
    ['Cyrillic letter', 'm\u0456ke@x.test'],
    ['zero-width space', 'mi\u200bke@x.test'],
    ['soft hyphen in the domain', 'mike@x.te\u00adst'],
    ['percent escape in the domain', 'mike@x.t%65st'],
    ['space before', ' mike@x.test'],
    ['space after', 'mike@x.test '],
    ['full stop after', 'mike@x.test.'],
  ])('does not let a look-alike pass for a plain address: %s', (_, lookalike) => {
    expect(folded(lookalike)).not.toBe('mike@x.test');
    expect(exact(lookalike)).not.toBe('mike@x.test');
  });

  test('does not let other spellings of an IPv4 address pass for it', () => {
    for (const spelling of ['a@0x7f000001', 'a@2130706433', 'a@0177.0.0.1', 'a@127.1']) {
      expect(exact(spelling)).not.toBe('a@127.0.0.1');
    }
  });

  test('of an ASCII identifier is reached from ASCII only', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }), (text) => {
        for (const value of [text, `${text}@x.test`, `mike@${text}`]) {
          const canonical = folded(value);
          const viaPunycode = canonical?.includes('xn--') ?? false;
          // oxlint-disable-next-line no-control-regex
          const ascii = /^[\x00-\x7f]*$/;
          if (canonical !== undefined && !viaPunycode && ascii.test(canonical)) expect(value).toMatch(ascii);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('is its own canonical form', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), fc.boolean(), (text, caseInsensitive) => {
        for (const value of [text, `${text}@x.test`, `mike@${text}.test`]) {
          const once = canonicalIdentifier(value, { caseInsensitive });
          if (once !== undefined) expect(canonicalIdentifier(once, { caseInsensitive })).toBe(once);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('depends on the shape of the text, not on a declared type', () => {
    expect(exact('+48123456789')).toBe('+48123456789');
    expect(exact('a@b@x.TEST')).toBe('a@b@x.TEST');
    expect(exact('employee 7')).toBe('employee 7');
  });

  test('does not exist for empty, long, control, invisible or broken text', () => {
    for (const text of [
      '',
      'x'.repeat(321),
      'a\0b',
      'a\r\nb',
      'a\u202eb',
      'a\u2028b',
      'a\ud800b',
      'a\u007fb',
    ]) {
      expect(exact(text)).toBeUndefined();
    }
    expect(exact('x'.repeat(320))).toBeDefined();
  });
});

describe('an e-mail address', () => {
  test.each([
    ['ann@example.com', 'ann', 'example.com'],
    ['ann+tag@EXAMPLE.com', 'ann+tag', 'example.com'],
    ["o'neil.jr_7@mail.example.co", "o'neil.jr_7", 'mail.example.co'],
    ['użytkownik@żółw.pl', 'użytkownik', 'xn--w-uga1v8h.pl'],
    ['root@localhost', 'root', 'localhost'],
  ])('%s is accepted', (value, local, domain) => {
    expect(parseEmail(value)).toEqual({ local, domain });
    expect(validateIdentifier('email', value)).toBeUndefined();
  });

  test.each([
    'a@b@x.test',
    '"a@evil.test x"@x.test',
    '"quoted"@x.test',
    'a@x.test,b@evil.test',
    'a@x.test;b@evil.test',
    '<a@x.test>',
    'Ann <a@x.test>',
    'a(comment)@x.test',
    'a@(comment)x.test',
    'a@x.test\r\nBcc: b@evil.test',
    'a\r\n@x.test',
    'a b@x.test',
    ' a@x.test',
    'a@x.test ',
    '.a@x.test',
    'a.@x.test',
    'a..b@x.test',
    '@x.test',
    'a@',
    'a@.test',
    'a@x..test',
    'a@x.test.',
    'a@-x.test',
    'a@x-.test',
    'a@x_y.test',
    'a@[127.0.0.1]',
    'a@127.0.0.1',
    'a@1.2',
    'a@xn--a.test',
    'a@x/y.test',
    'a@x:25',
    'a@x?y',
    'a@x#y',
    'a@x\\y.test',
    'a@@x.test',
    'a%evil.test@x.test@y.test',
    `${'a'.repeat(65)}@x.test`,
    `a@${'x'.repeat(64)}.test`,
    'plain',
    '',
  ])('%j is refused', (value) => {
    expect(parseEmail(value)).toBeUndefined();
    expect(validateIdentifier('email', value)).toContain('e-mail');
  });

  test('of a hostile length or nesting is refused without work', () => {
    for (const hostile of [
      '('.repeat(10_000),
      '<'.repeat(10_000),
      `${'a.'.repeat(5000)}@x.test`,
      'a@'.repeat(5000),
    ]) {
      expect(parseEmail(hostile)).toBeUndefined();
    }
  });

  test('never holds more than one at sign, a space or a line break', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (local, domain) => {
        const email = parseEmail(`${local}@${domain}`);
        if (email === undefined) return;
        expect(`${email.local}@${email.domain}`).toMatch(/^[^@\s<>,;:"()[\]\\]+@[a-z0-9.-]+$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('other identifiers', () => {
  test('telephone numbers are E.164 and nothing else', () => {
    expect(parseMobile('+48123456789')).toBe('+48123456789');
    for (const value of [
      '48123456789',
      '+0123456789',
      '+48 123 456 789',
      '+123456',
      '+1234567890123456',
      '+４８123456789',
      '+48123456789\n',
    ]) {
      expect(parseMobile(value)).toBeUndefined();
      expect(validateIdentifier('mobile', value)).toContain('+48');
    }
  });

  test('user names and external ids are any visible text without outer spaces', () => {
    for (const type of ['uid', 'external'] as const) {
      expect(validateIdentifier(type, 'employee 7')).toBeUndefined();
      expect(validateIdentifier(type, ' employee')).toContain('space');
      expect(validateIdentifier(type, 'emp\u0000loyee')).toContain('control');
      expect(validateIdentifier(type, '')).toContain('1 to 320');
    }
  });
});
