import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { pickAcceptedLocale, pickLocale, type Locale } from '../i18n/locales.ts';
import { everyLanguage, type OfferedLanguages } from '../i18n/offered_languages.ts';

/** The query parameter of the links that switch the language. */
export const languageParameter = 'lang';
const languageCookie = 'weir_lang';

type LocaleContext = Pick<Context, 'req' | 'query' | 'cookies' | 'get'>;

const wishes = new WeakMap<IncomingMessage, string>();
const preferred = new WeakMap<IncomingMessage, Locale>();
const offered = new WeakMap<IncomingMessage, OfferedLanguages>();
const chosen = new WeakMap<IncomingMessage, Locale>();

/**
 * Tells the request what the application asked for where it is not in the query, as on the steps of a sign-in.
 * @param uiLocales the `ui_locales` of the authorization request; may hold anything
 */
export function wishLocale(ctx: { req: IncomingMessage }, uiLocales: string | undefined): void {
  if (uiLocales === undefined) return;
  wishes.set(ctx.req, uiLocales);
  chosen.delete(ctx.req);
}

/** Tells the request which language the house speaks to those who want none that it knows. */
export function preferLocale(ctx: { req: IncomingMessage }, locale: Locale | undefined): void {
  if (locale === undefined) return;
  preferred.set(ctx.req, locale);
  chosen.delete(ctx.req);
}

/** Tells the request which languages the tenant offers. */
export function offerLanguages(ctx: { req: IncomingMessage }, languages: OfferedLanguages | undefined): void {
  if (languages === undefined) return;
  offered.set(ctx.req, languages);
  chosen.delete(ctx.req);
}

/** The languages that pages of this request may be in. */
export const languagesOf = (ctx: { req: IncomingMessage }): OfferedLanguages =>
  offered.get(ctx.req) ?? everyLanguage;

/**
 * The language of the answer: the person's own choice (`?lang=`, then the cookie it left), the application's
 * wish (`ui_locales`), the browser's (`Accept-Language`), the workspace's, the tenant's, English. Always one that
 * Weir speaks, so that it may key a cache, and that the tenant offers.
 */
export function localeOf(ctx: LocaleContext): Locale {
  const known = chosen.get(ctx.req);
  if (known) return known;
  const { locales } = languagesOf(ctx);
  const locale =
    pickLocale(single(ctx.query[languageParameter]), locales) ??
    pickLocale(ctx.cookies.get(languageCookie, { signed: false }) ?? '', locales) ??
    pickLocale(wishes.get(ctx.req) ?? single(ctx.query['ui_locales']), locales) ??
    pickAcceptedLocale(ctx.get('Accept-Language'), locales) ??
    pickLocale(preferred.get(ctx.req) ?? '', locales) ??
    locales[0];
  chosen.set(ctx.req, locale);
  return locale;
}

/** A choice of a language is no secret and grows no older. */
const choiceSeconds = 365 * 24 * 3600;

/** Koa middleware: a language picked by a link holds for a year, on every page. */
export function languageChoice(): Middleware {
  return async (ctx, next) => {
    const choice = pickLocale(single(ctx.query[languageParameter]));
    if (choice) chooseLocale(ctx, choice);
    await next();
  };
}

/** Has a browser keep a choice of language for a year. */
export function chooseLocale(ctx: Pick<Context, 'cookies'>, locale: Locale): void {
  ctx.cookies.set(languageCookie, locale, {
    signed: false,
    httpOnly: true,
    sameSite: 'lax',
    path: '/',
    maxAge: choiceSeconds * 1000,
  });
}

function single(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? '';
}
