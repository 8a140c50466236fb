import type { BrandColors } from './brand.ts';
import { paletteOf } from './palette.ts';
import { DARK, LIGHT } from './tokens.ts';

/** What pages use in one scheme: given colours after their correction, and ours in the place of missing ones. */
export type Shades = {
  readonly primary: string;
  readonly onPrimary: string;
  readonly header: string;
  readonly background: string;
};

/** The colours that pages use, to stand beside those that were given. */
export function usedColors(colors: BrandColors): { readonly light: Shades; readonly dark: Shades } {
  const { light, dark } = paletteOf(colors);
  return { light: shades({ ...LIGHT, ...light }), dark: shades({ ...DARK, ...dark }) };
}

const shades = (tokens: Readonly<Record<string, string>>): Shades => ({
  primary: tokens['--race'] ?? '',
  onPrimary: tokens['--on-race'] ?? '',
  header: tokens['--water-up'] ?? '',
  background: tokens['--stone'] ?? '',
});
