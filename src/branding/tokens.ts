import { readFileSync } from 'node:fs';
import { parseColor, type Rgb } from './color.ts';

/** The custom properties of the pages, by name with its dashes. */
export type Tokens = Readonly<Record<string, string>>;

const source = readFileSync(new URL('../assets/tokens.css', import.meta.url), 'utf8').replaceAll(
  /\/\*[^]*?\*\//g,
  '',
);

/** What the style sheet declares, read from it: a brand is computed against the colours that are really there. */
export const LIGHT: Tokens = declared(source.split('@media')[0] ?? '');
export const DARK: Tokens = declared(blockOf('(prefers-color-scheme: dark)'));
export const MORE_CONTRAST: Tokens = declared(blockOf('(prefers-contrast: more)'));

/** A token that is a colour. Throws when the style sheet has none of that name. */
export function tokenColor(tokens: Tokens, name: string): Rgb {
  const color = parseColor(tokens[name] ?? '');
  if (!color) throw new Error(`tokens.css declares no colour ${name}`);
  return color;
}

function blockOf(media: string): string {
  return source.split(`@media ${media}`)[1]?.split('@media')[0] ?? '';
}

function declared(css: string): Tokens {
  return Object.fromEntries(
    [...css.matchAll(/(--[a-z-]+):\s*([^;]+);/g)].map(([, name = '', value = '']) => [name, value.trim()]),
  );
}
