/** The languages that Weir speaks, the fallback first. */
export const locales = ['en', 'de', 'ar'] as const;

/** One of the languages that Weir speaks. Never a string from outside. */
export type Locale = (typeof locales)[number];

export const fallbackLocale: Locale = 'en';

/** How each language calls itself, for the links that switch to it. */
export const localeNames: Record<Locale, string> = { en: 'English', de: 'Deutsch', ar: 'العربية' };

const rightToLeft: ReadonlySet<Locale> = new Set(['ar']);

/** The writing direction of a language, for the `dir` attribute. */
export function directionOf(locale: Locale): 'ltr' | 'rtl' {
  return rightToLeft.has(locale) ? 'rtl' : 'ltr';
}

// No honest wish is longer; what comes after is not read.
const maxWishLength = 256;
const maxWishes = 10;

/**
 * Picks a language from wishes written as BCP 47 tags, most wanted first: `de-AT` is served by `de`.
 * @param wishes space-separated tags (OpenID Connect Core §3.1.2.1, `ui_locales`); anything may be in it
 * @returns a language that Weir speaks, or `undefined` when none of the first ten wishes is one
 */
export function pickLocale(wishes: string): Locale | undefined {
  for (const wish of wishes.slice(0, maxWishLength).split(/\s+/, maxWishes)) {
    const language = wish.toLowerCase().split('-', 1)[0];
    const known = locales.find((locale) => locale === language);
    if (known) return known;
  }
  return undefined;
}

/**
 * Picks a language from an `Accept-Language` header (RFC 9110 §12.5.4).
 * @returns a language that Weir speaks, or `undefined` when none is wanted
 */
export function pickAcceptedLocale(header: string): Locale | undefined {
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
    const locale = pickLocale(tag);
    if (locale) return locale;
  }
  return undefined;
}
