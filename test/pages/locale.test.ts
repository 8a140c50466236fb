import { readdirSync, readFileSync } from 'node:fs';
import { assert, property, string } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import english from '../../src/i18n/en.json' with { type: 'json' };
import {
  directionOf,
  localeFiles,
  locales,
  nameOfLocale,
  pickAcceptedLocale,
  pickLocale,
} from '../../src/i18n/locales.ts';
import { describeDuration, translate } from '../../src/i18n/translate.ts';
import { Browser } from '../support/browser_without_javascript.ts';
import { startGallery, type Gallery } from '../support/page_gallery.ts';

/** As the file has it: what `translate` would say in English instead is missing. */
const catalogueOf = (locale: string) =>
  JSON.parse(readFileSync(new URL(`${locale}.json`, localeFiles), 'utf8')) as Record<string, string>;
const placeholders = (sentence = '') => [...sentence.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

let gallery: Gallery;
beforeAll(async () => {
  gallery = await startGallery();
});
afterAll(async () => gallery.close());

test.each(locales)('%s has every sentence with the same placeholders', (locale) => {
  const catalogue = catalogueOf(locale);
  expect(Object.keys(catalogue)).toEqual(Object.keys(english));
  for (const [key, sentence] of Object.entries(english)) {
    expect(catalogue[key], key).not.toBe('');
    expect(placeholders(catalogue[key]), key).toEqual(placeholders(sentence));
  }
});

/** Words that are the same by right, such as a pattern without words, by language. */
const sameAsEnglish: Readonly<Record<string, readonly string[]>> = {
  de: [
    'shell.title_with_app',
    'enter_code.code',
    'enter_code.resend_wait',
    'error.code',
    'dev_mailbox.code',
    'account.passkeys',
  ],
  ar: ['shell.title_with_app'],
};

test.each(locales.filter((locale) => locale !== 'en'))('%s is translated, not copied', (locale) => {
  const catalogue = catalogueOf(locale);
  const copied = Object.entries(english).filter(([key, sentence]) => catalogue[key] === sentence);
  expect(copied.map(([key]) => key)).toEqual(sameAsEnglish[locale] ?? []);
});

test('a language is one file: its name and direction are known without it', () => {
  expect(locales.map((locale) => [locale, nameOfLocale(locale), directionOf(locale)])).toEqual([
    ['en', 'English', 'ltr'],
    ['de', 'Deutsch', 'ltr'],
    ['ar', 'العربية', 'rtl'],
  ]);
  expect([nameOfLocale('fr'), nameOfLocale('pt-BR')]).toEqual(['Français', 'Português (Brasil)']);
});

test('every sentence is used by a page or a rule', () => {
  const sources = ['views', 'src'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(?:ejs|ts)$/.test(file))
      .map((file) => readFileSync(`${folder}/${file}`, 'utf8')),
  );
  const text = sources.join('\n');
  // Written out, or put together from its beginning: `links.${kind}`.
  const isUsed = (key: string) =>
    /^(?:scope|message)\./.test(key) ||
    text.includes(`'${key}'`) ||
    [...key.matchAll(/\./g)].some(({ index }) => text.includes(`\`${key.slice(0, index + 1)}\${`));
  const unused = Object.keys(english).filter((key) => !isUsed(key));
  expect(unused).toEqual([]);
});

test('placeholders take text as it is, and only what is given', () => {
  expect(translate('en', 'app.back', { app: '{app} $& $1' })).toBe('Back to {app} $& $1');
  expect(translate('en', 'app.back')).toBe('Back to {app}');
  expect(translate('en', 'app.back', Object.create({ app: 'inherited' }) as Record<string, string>)).toBe(
    'Back to {app}',
  );
});

test('spans of time are rounded up to the unit a person would use', () => {
  expect(describeDuration('en', 0)).toBe('1 second');
  expect(describeDuration('en', 7.2)).toBe('8 seconds');
  expect(describeDuration('de', 240)).toBe('4 Minuten');
  expect(describeDuration('en', 3 * 3600 + 1)).toBe('4 hours');
});

test('wishes are answered by weight, by language, and never with anything unknown', () => {
  expect(pickLocale('fr-CA de-AT en')).toBe('de');
  expect(pickAcceptedLocale('en;q=0.5, fr, de-CH;q=0.9')).toBe('de');
  expect(pickAcceptedLocale('de;q=0')).toBeUndefined();
  assert(
    property(string({ unit: 'binary', maxLength: 400 }), (wish) => {
      expect([...locales, undefined]).toContain(pickLocale(wish));
      expect([...locales, undefined]).toContain(pickAcceptedLocale(wish));
    }),
  );
  expect(pickLocale('x '.repeat(500_000) + 'de')).toBeUndefined();
});

test('the language of a page: own choice, application, browser', async () => {
  const browser = new Browser({ origin: gallery.origin, headers: { 'accept-language': 'fr, ar;q=0.8' } });
  const language = () => browser.document.attribute('html', 'lang');
  await browser.open('/pages/sign_in');
  expect(language()).toBe('ar');
  expect(browser.document.attribute('html', 'dir')).toBe('rtl');
  await browser.open('/pages/sign_in?ui_locales=xx%20de');
  expect(language()).toBe('de');
  await browser.follow('English');
  expect(language()).toBe('en');
  await browser.open('/pages/sign_in?ui_locales=de');
  expect(language()).toBe('en');
});

test('who wants nothing that is spoken here gets the language of the house; a choice is kept for a year', async () => {
  const house = await startGallery(undefined, {
    brand: { scheme: 'auto', texts: {}, links: [], defaultLocale: 'de' },
  });
  const browser = new Browser({ origin: house.origin, headers: { 'accept-language': 'fr' } });
  await browser.open('/pages/sign_in');
  expect(browser.document.attribute('html', 'lang')).toBe('de');
  const { headers } = await browser.open('/pages/sign_in?lang=ar');
  expect(String(headers['set-cookie'])).toMatch(
    /^weir_lang=ar; path=\/; expires=[^;]+; samesite=lax; httponly$/i,
  );
  await browser.open('/pages/consent');
  expect(browser.document.attribute('html', 'lang')).toBe('ar');
  await house.close();
});

test('a language nobody speaks leaves no trace', async () => {
  const browser = new Browser({ origin: gallery.origin });
  const answer = await browser.open('/pages/sign_in?lang=__proto__&ui_locales=constructor&ui_locales=de');
  expect(answer.status).toBe(200);
  expect(browser.document.attribute('html', 'lang')).toBe('en');
  expect(browser.cookies.all()).toEqual([]);
});

test('language links stay on this host', async () => {
  const browser = new Browser({ origin: gallery.origin });
  await browser.open(`${gallery.origin}//evil.example/%2e%2e//evil.example?x=1`);
  const hosts = browser.document.links
    .filter((link) => /lang=/.test(link.href.search))
    .map((link) => link.href.host);
  expect(new Set(hosts)).toEqual(new Set([new URL(gallery.origin).host]));
});
