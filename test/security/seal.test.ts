import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSealer, SealError, type SealFailure } from '../../src/security/seal.ts';

const key = (kid: string) => ({ kid, key: randomBytes(32).toString('base64') });
const older = key('k1');
const newer = key('k2');
const sealer = createSealer([older]);
const place = 'signing_key:acme/shop/2026';

function failureOf(action: () => unknown): SealFailure | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof SealError) return error.failure;
    throw error;
  }
  return undefined;
}

describe('a sealed text', () => {
  test('opens to what was sealed, in the place it was sealed for', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (secret) => {
        expect(sealer.open(sealer.seal(secret, place), place)).toBe(secret);
      }),
    );
  });

  test('does not open in another place', () => {
    const sealed = sealer.seal('secret', place);
    expect(failureOf(() => sealer.open(sealed, 'signing_key:acme/other/2026'))).toBe('not_authentic');
  });

  test('needs the name of a place', () => {
    expect(failureOf(() => sealer.seal('secret', ''))).toBe('missing_aad');
  });

  test('names its key and differs each time', () => {
    const [first, second] = [sealer.seal('secret', place), sealer.seal('secret', place)];
    expect(first).toMatch(/^v1\.k1\.[\w-]{16}\.[\w-]+$/);
    expect(second).not.toBe(first);
    expect(first.split('.')[2]).not.toBe(second.split('.')[2]);
  });

  test('does not open once any byte of nonce, content or tag is changed', () => {
    const [version, kid, nonce, body] = sealer.seal('secret', place).split('.') as [
      string,
      string,
      string,
      string,
    ];
    const flipped = (part: string, at: number) => {
      const bytes = Buffer.from(part, 'base64url');
      bytes[at]! ^= 1;
      return bytes.toString('base64url');
    };
    for (let at = 0; at < 12; at++) {
      expect(failureOf(() => sealer.open([version, kid, flipped(nonce, at), body].join('.'), place))).toBe(
        'not_authentic',
      );
    }
    for (let at = 0; at < Buffer.from(body, 'base64url').length; at++) {
      expect(failureOf(() => sealer.open([version, kid, nonce, flipped(body, at)].join('.'), place))).toBe(
        'not_authentic',
      );
    }
  });

  test('with a cut tag, another form or any garbage is refused as malformed', () => {
    const sealed = sealer.seal('', place);
    const malformed = [
      '',
      'v1',
      'v1.k1',
      `${sealed}.x`,
      sealed.slice(0, -3),
      sealed.replace('v1', 'v2'),
      `${sealed}=`,
    ];
    for (const text of malformed) expect(failureOf(() => sealer.open(text, place))).toBe('malformed');
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(failureOf(() => sealer.open(text, place))).toBe('malformed');
      }),
    );
  });

  test('still opens after a new key was put in front, and not once its key is gone', () => {
    const sealed = sealer.seal('secret', place);
    const rotated = createSealer([newer, older]);
    expect(rotated.open(sealed, place)).toBe('secret');
    expect(rotated.seal('secret', place)).toMatch(/^v1\.k2\./);
    expect(failureOf(() => createSealer([newer]).open(sealed, place))).toBe('unknown_key');
  });

  test('under another key of the same name does not open', () => {
    const sealed = createSealer([key('k1')]).seal('secret', place);
    expect(failureOf(() => sealer.open(sealed, place))).toBe('not_authentic');
  });
});

describe('master keys', () => {
  test.each([
    ['none', []],
    ['too short a key', [{ kid: 'k1', key: randomBytes(16).toString('base64') }]],
    ['a key id with a dot', [key('k.1')]],
    ['the same key id twice', [key('k1'), key('k1')]],
  ])('are refused: %s', (_, keys) => {
    expect(failureOf(() => createSealer(keys))).toBe('bad_master_key');
  });

  test('never appear in an error, nor does the sealed content', () => {
    const bad = { kid: 'k1', key: 'c2hvcnQtYnV0LXNlY3JldA==' };
    expect(() => createSealer([bad])).toThrow(expect.not.stringContaining(bad.key));
    const sealed = sealer.seal('secret', place);
    expect(() => sealer.open(sealed, 'elsewhere')).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/secret|signing_key/) as string }),
    );
  });
});

describe('a keyed hash', () => {
  const stored = sealer.keyedHash('client_secret', 'value');

  test('fits its value and purpose only', () => {
    expect(stored).toMatch(/^h1\.k1\.[\w-]{43}$/);
    expect(sealer.keyedHash('client_secret', 'value')).toBe(stored);
    expect(sealer.matchesKeyedHash('client_secret', 'value', stored)).toBe(true);
    expect(sealer.matchesKeyedHash('client_secret', 'valuf', stored)).toBe(false);
    expect(sealer.matchesKeyedHash('code', 'value', stored)).toBe(false);
  });

  test('keeps fitting after a rotation, until its key is gone', () => {
    expect(createSealer([newer, older]).matchesKeyedHash('client_secret', 'value', stored)).toBe(true);
    expect(createSealer([newer]).matchesKeyedHash('client_secret', 'value', stored)).toBe(false);
  });

  test('that is malformed fits nothing', () => {
    for (const text of [
      '',
      'h1',
      'h1.k1',
      'h1.k1.',
      `${stored}.x`,
      stored.replace('h1', 'h2'),
      stored.slice(0, -1),
    ]) {
      expect(sealer.matchesKeyedHash('client_secret', 'value', text)).toBe(false);
    }
  });
});
