import { readdirSync } from 'node:fs';

/** A language that Weir speaks, as BCP 47 tag. A string from outside becomes one by `pickLocale` alone. */
export type Locale = string;

export const fallbackLocale: Locale = 'en';

/** Each language is one file beside this one; a file is all that a language needs. */
export const localeFiles = new URL('./', import.meta.url);
const suffix = '.json';

/** How a language calls itself, for the links that switch to it. */
export function nameOfLocale(locale: Locale): string {
  const name = new Intl.DisplayNames([locale], { type: 'language' }).of(locale) ?? locale;
  // Some languages write their own name small; a link is a line of its own.
  return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
}

/** The languages that Weir speaks: the fallback first, the others by the names they give themselves. */
export const locales: readonly Locale[] = readdirSync(localeFiles)
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length))
  .map((locale) => ({ locale, name: locale === fallbackLocale ? '' : nameOfLocale(locale) }))
  .sort((a, b) => a.name.localeCompare(b.name, fallbackLocale))
  .map(({ locale }) => locale);

/** Whether Weir speaks it. */
export const isSpoken = (locale: string): boolean => locales.includes(locale);

type TextInfo = { readonly direction: 'ltr' | 'rtl' };
const directions = new Map(
  locales.map((locale) => {
    // Not in TypeScript's library yet (ECMA-402, Intl Locale Info).
    const known = new Intl.Locale(locale) as Intl.Locale & { getTextInfo(): TextInfo };
    return [locale, known.getTextInfo().direction] as const;
  }),
);

/** The writing direction of a language, for the `dir` attribute. */
export function directionOf(locale: Locale): 'ltr' | 'rtl' {
  return directions.get(locale) ?? 'ltr';
}

// No honest wish is longer; what comes after is not read.
const maxWishLength = 256;
const maxWishes = 10;

/**
 * Picks a language from wishes written as BCP 47 tags, most wanted first: `de-AT` is served by `de`.
 * @param wishes space-separated tags (OpenID Connect Core §3.1.2.1, `ui_locales`); anything may be in it
 * @param among languages to pick from; all that Weir speaks when absent
 * @returns one of them, or `undefined` when none of the first ten wishes is one
 */
export function pickLocale(wishes: string, among: readonly Locale[] = locales): Locale | undefined {
  for (const wish of wishes.slice(0, maxWishLength).split(/\s+/, maxWishes)) {
    const tag = wish.toLowerCase();
    const language = tag.split('-', 1)[0];
    const known =
      among.find((locale) => locale.toLowerCase() === tag) ??
      among.find((locale) => locale.toLowerCase() === language);
    if (known) return known;
  }
  return undefined;
}

/**
 * Picks a language from an `Accept-Language` header (RFC 9110 §12.5.4).
 * @param among languages to pick from; all that Weir speaks when absent
 * @returns one of them, or `undefined` when none is wanted
 */
export function pickAcceptedLocale(header: string, among: readonly Locale[] = locales): Locale | undefined {
  const ranges = header
    .slice(0, maxWishLength)
    .split(',', maxWishes)
    .map((range) => {
      const [tag = '', ...parameters] = range.split(';').map((part) => part.trim());
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
      return { tag, weight: /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 0 };
    })
    .filter((range) => range.weight > 0);
  for (const { tag } of ranges.sort((a, b) => b.weight - a.weight)) {
    const locale = pickLocale(tag, among);
    if (locale) return locale;
  }
  return undefined;
}
