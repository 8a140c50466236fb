import type { IncomingMessage } from 'node:http';
import type { Scheme } from '../branding/brand.ts';
import type { OwnTexts } from '../branding/own_texts.ts';
import type { PageBrand } from '../branding/page_brand.ts';
import { directionOf, locales, nameOfLocale, type Locale } from '../i18n/locales.ts';
import type { OfferedLanguages } from '../i18n/offered_languages.ts';
import { translate } from '../i18n/translate.ts';
import { assetPath } from './assets.ts';
import { languageParameter, languagesOf, offerLanguages, preferLocale } from './locale.ts';
import type { Say } from './page_views.ts';
import type { AppLabel } from './pages.ts';
import { isOwnPath, safeHref, showableImage, showableLogo } from './safe_addresses.ts';
import type { PageContext } from './views.ts';

/** What the workspace adds to every page of a request. */
export interface PageSetting {
  /** Stands at the head where no application is known. */
  workspaceName?: string;
  /** How it looks, and its links at the foot. */
  brand?: PageBrand;
  /** Sentences in words of its own. */
  texts?: OwnTexts;
  /** Those that the tenant offers. */
  languages?: OfferedLanguages;
  /** Where people of this workspace look after themselves: a way on from an address that is none. */
  accountHref?: string;
  /** The address that shows this page by GET, where it is not the one requested. */
  selfHref?: string;
}

/** How near its end a journey is; sets the two levels of the motif. */
export type Level = '1' | '2' | '3' | 'still';

/** The frame around every page. */
export interface Shell {
  name: string;
  locale: Locale;
  dir: 'ltr' | 'rtl';
  level: Level;
  /** The `<title>`. */
  title: string;
  appName?: string;
  logoUri?: string;
  /** The same for the dark scheme, where it is another. */
  logoDarkUri?: string;
  /** Words of welcome, above the first step. */
  headline?: string;
  intro?: string;
  scheme: Scheme;
  /** Where a GET shows this page again. */
  selfHref?: string;
  accountHref?: string;
  languages: { locale: Locale; label: string; href: string }[];
  footerLinks: { label: string; href: string }[];
  nonce: string;
  css: string;
  /** Comes after ours, and replaces custom properties of it. */
  brandCss?: string;
  script: string;
  icon: string;
  /** Unknown where somebody else serves it. */
  iconType?: string;
}

const settings = new WeakMap<IncomingMessage, PageSetting>();

/** Says once per request what the frame of its pages shows; later calls add to earlier ones. */
export function setPage(ctx: { req: IncomingMessage }, setting: PageSetting): void {
  const { workspaceName, brand, texts, languages, accountHref, selfHref } = {
    ...settings.get(ctx.req),
    ...setting,
  };
  settings.set(ctx.req, {
    ...(workspaceName !== undefined && { workspaceName }),
    ...(brand && { brand }),
    ...(texts && { texts }),
    ...(languages && { languages }),
    ...(accountHref !== undefined && { accountHref }),
    ...(selfHref !== undefined && { selfHref }),
  });
  offerLanguages(ctx, languages);
  preferLocale(ctx, brand?.defaultLocale);
}

/** What was said about the pages of a request. */
export const pageSettingOf = (ctx: { req: IncomingMessage }): PageSetting => settings.get(ctx.req) ?? {};

interface ShellInput {
  name: string;
  locale: Locale;
  level: Level;
  /** The step, as the heading says it. */
  heading: string;
  isWrong: boolean;
  app: AppLabel | undefined;
  /** The address of the page's form. */
  action: string | undefined;
  nonce: string;
}

/** Builds the frame of a page. */
export function buildShell(ctx: PageContext, input: ShellInput): Shell {
  const setting = pageSettingOf(ctx);
  const { brand } = setting;
  const appName = input.app?.name ?? setting.workspaceName;
  const say = sayingAs(ctx, input.locale);
  const saysApp = appName !== undefined && !input.heading.includes(appName);
  const named = saysApp ? say('shell.title_with_app', { title: input.heading, app: appName }) : input.heading;
  const logo = logoOf(input.app, brand);
  const self = selfAddress(ctx, setting, input.action);
  return {
    name: input.name,
    locale: input.locale,
    dir: directionOf(input.locale),
    level: input.level,
    title: input.isWrong ? say('shell.title_with_error', { title: named }) : named,
    ...(appName !== undefined && { appName }),
    ...logo,
    ...welcomeOf(brand, input),
    scheme: brand?.scheme ?? 'auto',
    ...(setting.accountHref !== undefined && { accountHref: setting.accountHref }),
    ...(self && { selfHref: `${hostless(self.pathname)}${self.search}` }),
    languages: languageLinks(self, input.locale, languagesOf(ctx)),
    footerLinks: (brand?.links ?? []).flatMap(({ kind, href }) => {
      const target = safeHref(href);
      return target === undefined ? [] : [{ label: say(`links.${kind}`), href: target }];
    }),
    nonce: input.nonce,
    css: assetPath('weir.css'),
    script: assetPath('weir.js'),
    ...(isOwnPath(brand?.css) && { brandCss: brand.css }),
    ...iconOf(brand),
  };
}

/** The application's own logo, else that of the house. */
function logoOf(
  app: AppLabel | undefined,
  brand: PageBrand | undefined,
): Pick<Shell, 'logoUri' | 'logoDarkUri'> {
  const own = showableLogo(app?.logoUri);
  if (own !== undefined) return { logoUri: own };
  const logoUri = showableImage(brand?.logo);
  const logoDarkUri = showableImage(brand?.logoDark);
  return {
    ...(logoUri !== undefined && { logoUri }),
    ...(logoUri !== undefined && logoDarkUri !== undefined && { logoDarkUri }),
  };
}

function iconOf(brand: PageBrand | undefined): Pick<Shell, 'icon' | 'iconType'> {
  const icon = showableImage(brand?.favicon);
  return icon === undefined ? { icon: assetPath('mark.svg'), iconType: 'image/svg+xml' } : { icon };
}

/** Said once, where a person arrives: later steps have something of their own to say. */
function welcomeOf(
  brand: PageBrand | undefined,
  { level, locale, isWrong }: ShellInput,
): Pick<Shell, 'headline' | 'intro'> {
  const text = level === '1' && !isWrong ? brand?.texts[locale] : undefined;
  return {
    ...(text?.headline !== undefined && { headline: text.headline }),
    ...(text?.intro !== undefined && { intro: text.intro }),
  };
}

/** Says sentences of a language, in the workspace's own words where it has some. */
export function sayingAs(ctx: { req: IncomingMessage }, locale: Locale): Say {
  const own = pageSettingOf(ctx).texts?.[locale];
  return (key, params) => translate(locale, key, params, own);
}

/** Where a GET shows this page again; a page that answers a POST is known to have one when it posts to itself. */
function selfAddress(ctx: PageContext, setting: PageSetting, action: string | undefined): URL | null {
  if (setting.selfHref !== undefined) return parseOwn(setting.selfHref);
  // Not `ctx.url`: below a mount point it lacks the mount's path.
  const requested = parseOwn(ctx.originalUrl);
  if (ctx.method === 'GET' || ctx.method === 'HEAD') return requested;
  const target = parseOwn(action ?? '');
  return action !== undefined && requested?.pathname === target?.pathname ? target : null;
}

function parseOwn(address: string): URL | null {
  return URL.parse(address, 'http://localhost');
}

/** A path that begins with two slashes would name another host. */
function hostless(path: string): string {
  return path.replace(/^\/+/, '/');
}

const names = new Map(locales.map((locale) => [locale, nameOfLocale(locale)]));

function languageLinks(self: URL | null, current: Locale, offered: OfferedLanguages): Shell['languages'] {
  if (!self || !offered.selector) return [];
  return locales
    .filter((locale) => offered.locales.includes(locale))
    .filter((locale) => locale !== current)
    .map((locale) => {
      const url = new URL(self);
      url.searchParams.set(languageParameter, locale);
      return { locale, label: names.get(locale) ?? locale, href: `${hostless(url.pathname)}${url.search}` };
    });
}
