import { expect, it } from 'vitest';
import { createApiRate } from '../../src/security/api_rate.ts';

it('takes a minute’s worth at once, then as many as the minute allows, caller by caller', () => {
  let ms = 0;
  const rate = createApiRate(60, () => ms);
  const taken = Array.from({ length: 61 }, () => rate('a'));
  expect(taken.filter((wait) => wait === undefined)).toHaveLength(60);
  expect(taken.at(-1)).toBe(1);
  expect(rate('b')).toBeUndefined();
  ms += 2_000;
  expect([rate('a'), rate('a'), rate('a')]).toEqual([undefined, undefined, 1]);
});

it('says how long to wait where a request takes longer than a second', () => {
  let ms = 0;
  const rate = createApiRate(1, () => ms);
  expect([rate('a'), rate('a')]).toEqual([undefined, 60]);
  ms += 59_000;
  expect(rate('a')).toBe(1);
});

it('has no limit where none is set', () => {
  const rate = createApiRate(0);
  expect(Array.from({ length: 1_000 }, () => rate('a')).every((wait) => wait === undefined)).toBe(true);
});
