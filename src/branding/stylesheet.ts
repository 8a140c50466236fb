import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Brand } from './brand.ts';
import { type Palette, paletteOf } from './palette.ts';
import { DARK, LIGHT, MORE_CONTRAST, type Tokens } from './tokens.ts';

/** A style sheet as bytes to send, with the hash that stands in its address. */
export type BrandStylesheet = { readonly css: string; readonly hash: string };

const TYPEFACE = {
  sans: undefined,
  humanist: 'Seravek, "Gill Sans Nova", Ubuntu, Calibri, "DejaVu Sans", source-sans-pro, sans-serif',
  serif: '"Iowan Old Style", "Palatino Linotype", "URW Palladio L", "Noto Serif", Georgia, serif',
} as const;

const CORNERS = {
  basin: {},
  square: { '--basin': '0', '--crest': '0' },
  round: { '--basin': '14px', '--crest': '26px' },
} as const;

const noHighWater =
  '.up{background:none}.up::before,.up::after,.level{display:none}.ridge{visibility:hidden}';
/** On phones what is left then begins where the page does. */
const fromEdge =
  '@media (max-width:59.99rem){.down,.foot{grid-column:1/-1}.foot{padding-inline-start:var(--edge)}}';

/** Quiet water is the low one alone; without the motif the links stand on the page. */
const MOTIF = {
  full: '',
  quiet: noHighWater + fromEdge,
  off: `${noHighWater}.down{background:none}${fromEdge}`,
} as const;

// As many looks as workspaces in memory at most; each is 1 to 3 KB.
const sheets = new LRUCache<string, BrandStylesheet>({ max: 1_000 });

/**
 * What a brand replaces in the pages' style sheet: custom properties, and which of its parts are shown. The same
 * brand gives the same bytes in every process of one version.
 * @returns `undefined` where nothing is replaced
 */
export function stylesheetOf(brand: Brand): BrandStylesheet | undefined {
  const { colors, logoHeight, corners, typeface, scheme, motif } = brand;
  const key = JSON.stringify([colors, logoHeight, corners, typeface, scheme, motif]);
  const known = sheets.get(key);
  if (known) return known.css === '' ? undefined : known;
  const css = write(brand);
  const hash = createHash('sha256').update(css).digest('hex').slice(0, 16);
  sheets.set(key, { css, hash });
  return css === '' ? undefined : { css, hash };
}

function write({
  colors = {},
  logoHeight,
  corners = 'basin',
  typeface = 'sans',
  scheme = 'auto',
  motif = 'full',
}: Brand): string {
  const sans = TYPEFACE[typeface];
  const shape: Tokens = {
    ...(logoHeight !== undefined && { '--logo': `${logoHeight}px` }),
    ...CORNERS[corners],
    ...(sans !== undefined && { '--sans': sans }),
  };
  return root(shape) + inScheme(scheme, paletteOf(colors)) + MOTIF[motif];
}

function inScheme(scheme: NonNullable<Brand['scheme']>, { light, dark }: Palette): string {
  if (scheme === 'auto') return root(light) + media('(prefers-color-scheme:dark)', root(dark));
  // What the base style sheet would switch by the device is said again, for both kinds of device.
  const isDark = scheme === 'dark';
  const base = isDark ? DARK : Object.fromEntries(Object.keys(DARK).map((name) => [name, LIGHT[name] ?? '']));
  const [hidden, shown] = isDark ? ['.on-light', '.on-dark'] : ['.on-dark', '.on-light'];
  return [
    `:root{color-scheme:${scheme}}`,
    root({ ...base, ...(isDark ? dark : light) }),
    media('(prefers-contrast:more)', root(MORE_CONTRAST)),
    `${hidden}{display:none}${shown}{display:inline}`,
  ].join('');
}

function root(tokens: Tokens): string {
  const declarations = Object.entries(tokens).map(([name, value]) => `${name}:${value}`);
  return declarations.length === 0 ? '' : `:root{${declarations.join(';')}}`;
}

const media = (query: string, css: string): string => (css === '' ? '' : `@media ${query}{${css}}`);
