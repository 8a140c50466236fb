import arabic from './ar.json' with { type: 'json' };
import german from './de.json' with { type: 'json' };
import english from './en.json' with { type: 'json' };
import { directionOf, fallbackLocale, type Locale } from './locales.ts';

/** The name of a sentence. English has all of them. */
export type MessageKey = keyof typeof english;
/** Values for the named placeholders of a sentence. They are text: escaping is the page's business. */
export type MessageParams = Readonly<Record<string, string | number>>;

const catalogues: Record<Locale, Partial<Record<MessageKey, string>>> = {
  en: english,
  de: german,
  ar: arabic,
};

/**
 * The sentence of that name in a language, in English where it is not translated yet. Placeholders are written
 * `{name}`; one without a value stays as it is, so that a test or a reader sees it.
 */
export function translate(locale: Locale, key: MessageKey, params: MessageParams = {}): string {
  const sentence = catalogues[locale][key] ?? catalogues[fallbackLocale][key] ?? key;
  // Between right-to-left words a name in Latin script would drag its neighbours along (Unicode UAX #9, isolates).
  const [before, after] = directionOf(locale) === 'rtl' ? ['\u2068', '\u2069'] : ['', ''];
  return sentence.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) =>
    Object.hasOwn(params, name) ? `${before}${String(params[name])}${after}` : placeholder,
  );
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
