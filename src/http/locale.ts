import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { fallbackLocale, pickAcceptedLocale, pickLocale, type Locale } from '../i18n/locales.ts';

/** The query parameter of the links that switch the language. */
export const languageParameter = 'lang';
const languageCookie = 'weir_lang';

type LocaleContext = Pick<Context, 'req' | 'query' | 'cookies' | 'get'>;

const wishes = new WeakMap<IncomingMessage, string>();
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

/**
 * The language of the answer: the person's own choice (`?lang=`, then the cookie it left), the application's
 * wish (`ui_locales`), the browser's (`Accept-Language`), English. Always one that Weir speaks, so that it may
 * key a cache.
 */
export function localeOf(ctx: LocaleContext): Locale {
  const known = chosen.get(ctx.req);
  if (known) return known;
  const locale =
    pickLocale(single(ctx.query[languageParameter])) ??
    pickLocale(ctx.cookies.get(languageCookie, { signed: false }) ?? '') ??
    pickLocale(wishes.get(ctx.req) ?? single(ctx.query['ui_locales'])) ??
    pickAcceptedLocale(ctx.get('Accept-Language')) ??
    fallbackLocale;
  chosen.set(ctx.req, locale);
  return locale;
}

/** Koa middleware: a language picked by a link holds until the browser is closed. */
export function languageChoice(): Middleware {
  return async (ctx, next) => {
    const choice = pickLocale(single(ctx.query[languageParameter]));
    if (choice)
      ctx.cookies.set(languageCookie, choice, { signed: false, httpOnly: true, sameSite: 'lax', path: '/' });
    await next();
  };
}

function single(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? '';
}
