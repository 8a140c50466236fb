import type { BrandColors } from './brand.ts';
import { contrast, formatColor, fromOklch, type Oklch, parseColor, type Rgb, toOklch } from './color.ts';
import { DARK, LIGHT, tokenColor, type Tokens } from './tokens.ts';

/** WCAG 2.2 AA asks for 4.5 of text and 3 of graphics; main colours keep a margin for hover and tinted grounds. */
const TEXT = 4.5;
const GRAPHICS = 3;
const PRIMARY = { light: 5.5, dark: 7 } as const;

const step = 0.01;
const fixedGrounds = ['--foam', '--shallow'] as const;

/** The tokens that a brand's colours replace in one scheme. */
export type Palette = { readonly light: Tokens; readonly dark: Tokens };

/**
 * Computes what pages use from what was given: the hue stays, lightness and chroma move as far as legible text
 * needs. Anything may be given; every text pair of the answer has 4.5:1 or more.
 */
export function paletteOf({ primary, primaryDark, header, background }: BrandColors): Palette {
  const light: Record<string, string> = {};
  const dark: Record<string, string> = {};
  const air = background === undefined ? undefined : look(background);
  if (air) {
    light['--stone'] = until(
      { ...air, chroma: Math.min(air.chroma, 0.03), lightness: clamp(air.lightness, 0.92, 0.985) },
      step,
      (color) => contrast(color, tokenColor(LIGHT, '--silt')) >= TEXT,
    );
    dark['--stone'] = until(
      { ...air, chroma: Math.min(air.chroma, 0.025), lightness: clamp(air.lightness, 0.15, 0.2) },
      -step,
      (color) => contrast(color, tokenColor(DARK, '--silt')) >= TEXT,
    );
  }
  const main = primary === undefined ? undefined : look(primary);
  const mainDark = primaryDark === undefined ? main : (look(primaryDark) ?? main);
  if (main) Object.assign(light, lightMain(main, groundsOf(LIGHT, light)));
  if (mainDark) Object.assign(dark, darkMain(mainDark, groundsOf(DARK, dark)));
  const water = header === undefined ? undefined : look(header);
  if (water) {
    Object.assign(light, highWater(water));
    Object.assign(dark, highWater({ ...water, lightness: 0.41, chroma: Math.min(water.chroma, 0.11) }));
  }
  return { light, dark };
}

function lightMain(main: Oklch, grounds: readonly Rgb[]): Tokens {
  const strong = {
    ...main,
    chroma: Math.min(main.chroma, 0.2),
    lightness: clamp(main.lightness, 0.27, 0.52),
  };
  const race = until(strong, -step, stands(PRIMARY.light, grounds));
  const { lightness, chroma, hue } = look(race) ?? strong;
  return {
    '--race': race,
    '--race-deep': at({ lightness: Math.max(0, lightness - 0.09), chroma, hue }),
    '--on-race': '#ffffff',
    ...highWater({ lightness, chroma, hue }),
    '--water-down': at({ lightness: 0.885, chroma: Math.min(chroma, 0.035), hue }),
  };
}

function darkMain(main: Oklch, grounds: readonly Rgb[]): Tokens {
  const strong = {
    ...main,
    chroma: Math.min(main.chroma, 0.12),
    lightness: clamp(main.lightness, 0.78, 0.95),
  };
  const race = until(strong, step, stands(PRIMARY.dark, grounds));
  const { lightness, chroma, hue } = look(race) ?? strong;
  const deep = at({ lightness: lightness - 0.1, chroma, hue });
  const quiet = Math.min(chroma, 0.04);
  return {
    '--race': race,
    '--race-deep': deep,
    '--on-race': until(
      { lightness: 0.24, chroma: quiet, hue },
      -step,
      (color) => contrast(color, rgb(deep)) >= TEXT,
    ),
    ...highWater({ lightness: 0.41, chroma: Math.min(chroma, 0.07), hue }),
    '--water-down': at({ lightness: 0.295, chroma: quiet, hue }),
  };
}

/** High water, and the marks on it: light ones where they can be seen, dark ones elsewhere. */
function highWater(color: Oklch): Tokens {
  const water = at(color);
  const marks = [tokenColor(LIGHT, '--on-up'), tokenColor(LIGHT, '--ink')];
  const legible = marks.find((mark) => contrast(mark, rgb(water)) >= GRAPHICS) ?? [255, 255, 255];
  return { '--water-up': water, '--on-up': formatColor(legible) };
}

const groundsOf = (tokens: Tokens, own: Tokens): Rgb[] => [
  own['--stone'] === undefined ? tokenColor(tokens, '--stone') : rgb(own['--stone']),
  ...fixedGrounds.map((name) => tokenColor(tokens, name)),
];

const stands = (ratio: number, grounds: readonly Rgb[]) => (color: Rgb) =>
  grounds.every((ground) => contrast(color, ground) >= ratio);

/** Moves the lightness until the colour will do; the end of the scale does always. */
function until(color: Oklch, by: number, isGood: (color: Rgb) => boolean): string {
  let { lightness } = color;
  while (lightness > 0 && lightness < 1) {
    const tried = fromOklch({ ...color, lightness });
    if (isGood(tried)) return formatColor(tried);
    lightness += by;
  }
  return by > 0 ? '#ffffff' : '#000000';
}

const at = (color: Oklch): string => formatColor(fromOklch(color));
const rgb = (color: string): Rgb => parseColor(color) ?? [0, 0, 0];
const clamp = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));

function look(color: string): Oklch | undefined {
  const parsed = parseColor(color);
  return parsed && toOklch(parsed);
}
