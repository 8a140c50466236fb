import { readFileSync } from 'node:fs';
import english from './en.json' with { type: 'json' };
import { directionOf, type Locale, localeFiles, locales } from './locales.ts';

/** The name of a sentence. English has all of them. */
export type MessageKey = keyof typeof english;
/** Values for the named placeholders of a sentence. They are text: escaping is the page's business. */
export type MessageParams = Readonly<Record<string, string | number>>;

type Catalogue = Readonly<Record<string, string>>;

const catalogues = new Map<Locale, Catalogue>(
  locales.map((locale) => [
    locale,
    JSON.parse(readFileSync(new URL(`${locale}.json`, localeFiles), 'utf8')) as Catalogue,
  ]),
);

/**
 * The sentence of that name in a language, in English where it is not translated yet. Placeholders are written
 * `{name}`; one without a value stays as it is, so that a test or a reader sees it.
 * @param own sentences of that language that take the place of ours
 */
export function translate(
  locale: Locale,
  key: MessageKey,
  params: MessageParams = {},
  own: Catalogue = {},
): string {
  const theirs = Object.hasOwn(own, key) ? own[key] : undefined;
  const sentence = theirs ?? catalogues.get(locale)?.[key] ?? english[key] ?? key;
  // Between right-to-left words a name in Latin script would drag its neighbours along (Unicode UAX #9, isolates).
  const [before, after] = directionOf(locale) === 'rtl' ? ['\u2068', '\u2069'] : ['', ''];
  return sentence.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) =>
    Object.hasOwn(params, name) ? `${before}${String(params[name])}${after}` : placeholder,
  );
}

/** Every sentence of a language, by name. */
export function sentencesOf(locale: Locale): Catalogue {
  return { ...english, ...catalogues.get(locale) };
}

/** The placeholders of a sentence, with their braces. */
export function placeholdersOf(key: string): readonly string[] {
  return isMessageKey(key) ? (english[key].match(/\{\w+\}/g) ?? []) : [];
}

/** True for the name of a sentence, such as one put together from a scope's name. */
export function isMessageKey(key: string): key is MessageKey {
  return Object.hasOwn(english, key);
}

const secondsInMinute = 60;
const secondsInHour = 3600;

/** A span of time in words, rounded up to whole seconds, minutes or hours: "8 seconds", "4 minutes". */
export function describeDuration(locale: Locale, seconds: number): string {
  const [amount, unit] =
    seconds < 2 * secondsInMinute
      ? [seconds, 'second']
      : seconds < 2 * secondsInHour
        ? [seconds / secondsInMinute, 'minute']
        : [seconds / secondsInHour, 'hour'];
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' });
  return format.format(Math.max(1, Math.ceil(amount)));
}
