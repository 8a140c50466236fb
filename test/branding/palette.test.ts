import { assert, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { contrast, formatColor, fromOklch, parseColor, type Rgb, toOklch } from '../../src/branding/color.ts';
import { paletteOf } from '../../src/branding/palette.ts';
import { stylesheetOf } from '../../src/branding/stylesheet.ts';
import { DARK, LIGHT } from '../../src/branding/tokens.ts';

const color = integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);
const rgb = (value = '') => parseColor(value) as Rgb;

/** Text and what it stands on, anywhere on a page. */
const texts = [
  ['--race', '--foam'],
  ['--race', '--stone'],
  ['--race', '--shallow'],
  ['--on-race', '--race'],
  ['--on-race', '--race-deep'],
  ['--ink', '--stone'],
  ['--silt', '--stone'],
  ['--ink', '--water-down'],
] as const;

test('whatever colours are given, every text can be read and every mark be seen, light and dark', () => {
  const given = record({ primary: color, primaryDark: color, header: color, background: color });
  assert(
    property(given, (colors) => {
      const { light, dark } = paletteOf(colors);
      for (const tokens of [
        { ...LIGHT, ...light },
        { ...DARK, ...dark },
      ]) {
        for (const [text, ground] of texts) {
          const ratio = contrast(rgb(tokens[text]), rgb(tokens[ground]));
          expect(ratio, `${text} on ${ground} of ${JSON.stringify(colors)}`).toBeGreaterThanOrEqual(4.5);
        }
        expect(contrast(rgb(tokens['--on-up']), rgb(tokens['--water-up']))).toBeGreaterThanOrEqual(3);
      }
    }),
    { numRuns: 200 },
  );
});

test('our own colours keep what the correction asks of others', () => {
  for (const tokens of [LIGHT, { ...LIGHT, ...DARK }])
    for (const [text, ground] of texts)
      expect(contrast(rgb(tokens[text]), rgb(tokens[ground])), `${text} on ${ground}`).toBeGreaterThanOrEqual(
        4.5,
      );
});

test('a colour survives the way there and back', () => {
  assert(
    property(color, (value) => {
      const there = toOklch(rgb(value));
      const back = fromOklch({ ...there, chroma: Math.max(0, there.chroma - 1e-6) });
      for (const [index, channel] of rgb(value).entries())
        expect(Math.abs((back[index] ?? 0) - channel)).toBeLessThanOrEqual(3);
    }),
  );
  expect(formatColor(rgb('#abc'))).toBe('#aabbcc');
});

test('a good colour is used as it is, and the same brand is the same style sheet', () => {
  const brand = { colors: { primary: '#7a1f4b' } };
  expect(paletteOf(brand.colors).light['--race']).toBe('#7a1f4b');
  expect(stylesheetOf({ ...brand })).toEqual(stylesheetOf({ ...brand }));
  expect(stylesheetOf({})).toBeUndefined();
  expect(stylesheetOf({ scheme: 'dark' })?.css).toContain('color-scheme:dark');
});
