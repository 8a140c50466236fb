import { hash, verify } from 'argon2';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decoyHash,
  hashPassword,
  isKnownHash,
  methodTakes,
  needsRehash,
  PASSWORD_METHODS,
  verifyPassword,
} from '../../src/credentials/hashers/index.ts';

describe('a password hash', () => {
  test('is argon2id with 19 MiB, two passes, one lane and a salt of its own', async () => {
    const [first, second] = await Promise.all([hashPassword('pass'), hashPassword('pass')]);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(second).not.toBe(first);
    expect(isKnownHash(first)).toBe(true);
    expect(needsRehash(first)).toBe(false);
  });

  test('fits its password and no other, to the last byte', async () => {
    const long = 'x'.repeat(100);
    const stored = await hashPassword(long);
    expect(await verifyPassword(long, stored)).toBe(true);
    for (const other of [long.slice(0, 72), long.slice(0, 99), `${long} `, long.toUpperCase(), '']) {
      expect(await verifyPassword(other, stored)).toBe(false);
    }
  });

  test('with other parameters still fits, and asks to be replaced', async () => {
    const stored = await hash('pass', { memoryCost: 8192, timeCost: 3, parallelism: 2 });
    expect(await verifyPassword('pass', stored)).toBe(true);
    expect(needsRehash(stored)).toBe(true);
  });

  test('with its costs in another order, as some programs write them, fits too', async () => {
    const stored = await hash('pass', { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
    expect(stored).toContain('$m=19456,p=1,t=2$');
    expect(await verifyPassword('pass', stored)).toBe(true);
    expect(needsRehash(stored)).toBe(false);
  });

  test('made here is understood by other implementations', async () => {
    expect(await verify(await hashPassword('pass'), 'pass')).toBe(true);
  });

  test.each([
    ['4 GiB of memory', 'm=4194304,t=2,p=1'],
    ['256 MiB and a little', 'm=262145,t=2,p=1'],
    ['11 passes', 'm=19456,t=11,p=1'],
    ['17 lanes', 'm=19456,t=2,p=17'],
    ['no passes', 'm=19456,t=0,p=1'],
    ['no lanes', 'm=19456,t=2,p=0'],
    ['less than 8 KiB a lane', 'm=31,t=2,p=4'],
    ['a huge number', 'm=99999999999999999999,t=2,p=1'],
    ['one cost twice', 'm=19456,t=2,t=2'],
    ['one cost less', 'm=19456,t=2'],
  ])('that asks for %s is refused before any work', async (_, parameters) => {
    const hostile = `$argon2id$v=19$${parameters}$c2FsdHNhbHRzYWx0c2FsdA$${'A'.repeat(43)}`;
    expect(isKnownHash(hostile)).toBe(false);
    expect(await verifyPassword('pass', hostile)).toBe(false);
  });

  test('that is cut, changed or garbage never fits and never throws', async () => {
    const stored = await hashPassword('pass');
    const texts = [
      '',
      '$argon2id$garbage',
      '$argon2id$',
      'plain',
      stored.slice(0, -22),
      `${stored}$x`,
      ` ${stored}`,
    ];
    texts.push(
      stored.replace('v=19', 'v=18'),
      stored.replace('argon2id', 'argon2d'),
      `${stored.slice(0, -1)}!`,
    );
    for (const text of texts) {
      expect(isKnownHash(text)).toBe(false);
      expect(await verifyPassword('pass', text)).toBe(false);
    }
    // Long enough to be a digest, of another length: Argon2 takes the length in, so it cannot fit (RFC 9106 §3.2).
    expect(await verifyPassword('pass', stored.slice(0, -20))).toBe(false);
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.nat(90), async (junk, at) => {
        const broken = stored.slice(0, at) + junk + stored.slice(at);
        expect(await verifyPassword('not the password', broken)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  test.each(PASSWORD_METHODS)(
    'made up as a decoy of %s costs a current check and fits nothing',
    async (method) => {
      const decoy = decoyHash(method);
      expect(isKnownHash(decoy)).toBe(true);
      expect(needsRehash(decoy, method)).toBe(false);
      expect(await verifyPassword('', decoy)).toBe(false);
    },
  );

  test.each([
    ['bcrypt', /^\$2b\$12\$[./A-Za-z0-9]{53}$/],
    ['pbkdf2', /^\$pbkdf2-sha256\$i=600000,l=32\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/],
  ] as const)('of %s has the parameters of today and a salt of its own', async (method, form) => {
    const [first, second] = await Promise.all([hashPassword('pass', method), hashPassword('pass', method)]);
    expect(first).toMatch(form);
    expect(second).not.toBe(first);
    expect(await verifyPassword('pass', first)).toBe(true);
    expect(await verifyPassword('Pass', first)).toBe(false);
    expect(needsRehash(first, method)).toBe(false);
    expect(needsRehash(first, 'argon2')).toBe(true);
  });

  test('of bcrypt is neither made nor found right for a password that would be cut', async () => {
    const long = 'é'.repeat(36);
    expect(methodTakes('bcrypt', long)).toBe(true);
    expect(methodTakes('bcrypt', `${long}x`)).toBe(false);
    await expect(hashPassword(`${long}x`, 'bcrypt')).rejects.toThrow('cut');
    const stored = await hashPassword(long, 'bcrypt');
    expect(await verifyPassword(long, stored)).toBe(true);
    expect(await verifyPassword(`${long}x`, stored)).toBe(false);
  });

  test('of any method is made without holding up anybody else', async () => {
    for (const method of PASSWORD_METHODS) {
      let turns = 0;
      let busy = true;
      const count = () => {
        turns += 1;
        if (busy) setImmediate(count);
      };
      setImmediate(count);
      await hashPassword('pass', method);
      busy = false;
      expect(turns).toBeGreaterThan(100);
    }
  });
});
