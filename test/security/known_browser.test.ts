import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKnownBrowsers, KNOWN_BROWSER_SECONDS } from '../../src/security/known_browser.ts';
import { createSealer } from '../../src/security/seal.ts';

const key = { kid: 'k1', key: randomBytes(32).toString('base64') };
const sealer = createSealer([key]);
const browsers = createKnownBrowsers(sealer);
const ann = { tenantId: 'acme', poolId: 'staff', userId: 'ann' };

describe('the cookie of a known browser', () => {
  test('is recognized for its person only, with the same id each time', () => {
    const cookie = browsers.remember(undefined, ann);
    expect(cookie).toMatch(/^[A-Za-z0-9._~-]+$/);
    const id = browsers.recognize(cookie, ann);
    expect(id).toMatch(/^[\w-]{22}$/);
    expect(browsers.recognize(cookie, ann)).toBe(id);
    for (const change of [{ tenantId: 'x' }, { poolId: 'x' }, { userId: 'x' }]) {
      expect(browsers.recognize(cookie, { ...ann, ...change })).toBeUndefined();
    }
  });

  test('says nothing about who it belongs to', () => {
    expect(browsers.remember(undefined, ann)).not.toMatch(/acme|staff|ann/);
  });

  test('keeps the people of a shared browser, the latest eight, each once', () => {
    const people = Array.from({ length: 10 }, (_, i) => ({ ...ann, userId: `user-${i}` }));
    let cookie: string | undefined;
    for (const person of people) cookie = browsers.remember(cookie, person);
    const known = people.filter((person) => browsers.recognize(cookie, person) !== undefined);
    expect(known).toEqual(people.slice(2));
    for (let i = 0; i < 5; i++) cookie = browsers.remember(cookie, people[9]!);
    expect(browsers.recognize(cookie, people[2]!)).toBeDefined();
    expect(cookie?.split('~')).toHaveLength(8);
  });

  test('ends 180 days after the sign-in', () => {
    let now = Date.now();
    const aging = createKnownBrowsers(sealer, () => now);
    const cookie = aging.remember(undefined, ann);
    now += (KNOWN_BROWSER_SECONDS - 1) * 1000;
    expect(aging.recognize(cookie, ann)).toBeDefined();
    now += 1000;
    expect(aging.recognize(cookie, ann)).toBeUndefined();
  });

  test('survives a rotation of the master key, until the key is gone', () => {
    const newKey = { kid: 'k2', key: randomBytes(32).toString('base64') };
    const cookie = browsers.remember(undefined, ann);
    expect(createKnownBrowsers(createSealer([newKey, key])).recognize(cookie, ann)).toBeDefined();
    expect(createKnownBrowsers(createSealer([newKey])).recognize(cookie, ann)).toBeUndefined();
  });

  test('cannot be changed or made up', () => {
    const [id, issuedAt, ...mac] = browsers.remember(undefined, ann).split('.') as [string, string, string];
    const forged = [
      [`${id.slice(1)}A`, issuedAt, ...mac],
      [id, String(Number(issuedAt) + 1), ...mac],
      [id, `${issuedAt}0`, ...mac],
      [id, issuedAt],
      [id, '', ...mac],
    ];
    for (const parts of forged) expect(browsers.recognize(parts.join('.'), ann)).toBeUndefined();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (junk) => {
        expect(browsers.recognize(junk, ann)).toBeUndefined();
      }),
    );
    expect(browsers.recognize(undefined, ann)).toBeUndefined();
  });
});
