import { fallbackLocale, isSpoken, type Locale, locales } from './locales.ts';

/** What a tenant decides about languages, named and stored as the contract has it (1.1). */
export type LanguageChoices = {
  /** False: everything is said in the default language. */
  readonly enabled?: boolean | undefined;
  /** False: pages carry no links that switch the language. */
  readonly selector_enabled?: boolean | undefined;
  readonly default_locale?: Locale | undefined;
  readonly disabled_translations?: readonly Locale[] | undefined;
};

/** The languages that pages and messages of a tenant may be in. */
export type OfferedLanguages = {
  /** The one for those who want none of them comes first. */
  readonly locales: readonly [Locale, ...Locale[]];
  /** Whether pages carry links to the others. */
  readonly selector: boolean;
};

/** What follows from a tenant's choices; a language that Weir does not speak any more is passed over. */
export function offeredLanguages(choices: LanguageChoices = {}): OfferedLanguages {
  const { default_locale: wanted = fallbackLocale, disabled_translations: disabled = [] } = choices;
  const first = isSpoken(wanted) ? wanted : fallbackLocale;
  const others = locales.filter((locale) => locale !== first && !disabled.includes(locale));
  return {
    locales: choices.enabled === false ? [first] : [first, ...others],
    selector: choices.selector_enabled !== false,
  };
}

/** Where no tenant is known. */
export const everyLanguage: OfferedLanguages = offeredLanguages();
