import type { IncomingMessage } from 'node:http';
import { directionOf, localeNames, locales, type Locale } from '../i18n/locales.ts';
import { translate, type MessageKey } from '../i18n/translate.ts';
import { assetPath } from './assets.ts';
import { languageParameter } from './locale.ts';
import type { AppLabel } from './pages.ts';
import { safeHref, showableLogo } from './safe_addresses.ts';
import type { PageContext } from './views.ts';

/** What the workspace adds to every page of a request. */
export interface PageSetting {
  /** Stands at the head where no application is known. */
  workspaceName?: string;
  /** Links at the foot, such as help, privacy and terms. */
  footerLinks?: readonly { label: string; href: string }[];
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
  /** Where a GET shows this page again. */
  selfHref?: string;
  languages: { locale: Locale; label: string; href: string }[];
  footerLinks: { label: string; href: string }[];
  nonce: string;
  css: string;
  script: string;
  icon: string;
}

const settings = new WeakMap<IncomingMessage, PageSetting>();

/** Says once per request what the frame of its pages shows; later calls add to earlier ones. */
export function setPage(ctx: { req: IncomingMessage }, setting: PageSetting): void {
  const { workspaceName, footerLinks, selfHref } = { ...settings.get(ctx.req), ...setting };
  settings.set(ctx.req, {
    ...(workspaceName !== undefined && { workspaceName }),
    ...(footerLinks && { footerLinks }),
    ...(selfHref !== undefined && { selfHref }),
  });
}

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
  const setting = settings.get(ctx.req) ?? {};
  const appName = input.app?.name ?? setting.workspaceName;
  const say = (key: MessageKey, params: Record<string, string>) => translate(input.locale, key, params);
  const saysApp = appName !== undefined && !input.heading.includes(appName);
  const named = saysApp ? say('shell.title_with_app', { title: input.heading, app: appName }) : input.heading;
  const logoUri = showableLogo(input.app?.logoUri);
  const self = selfAddress(ctx, setting, input.action);
  return {
    name: input.name,
    locale: input.locale,
    dir: directionOf(input.locale),
    level: input.level,
    title: input.isWrong ? say('shell.title_with_error', { title: named }) : named,
    ...(appName !== undefined && { appName }),
    ...(logoUri !== undefined && { logoUri }),
    ...(self && { selfHref: `${hostless(self.pathname)}${self.search}` }),
    languages: languageLinks(self, input.locale),
    footerLinks: (setting.footerLinks ?? []).flatMap(({ label, href }) => {
      const target = safeHref(href);
      return target === undefined ? [] : [{ label, href: target }];
    }),
    nonce: input.nonce,
    css: assetPath('weir.css'),
    script: assetPath('weir.js'),
    icon: assetPath('mark.svg'),
  };
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

function languageLinks(self: URL | null, current: Locale): Shell['languages'] {
  if (!self) return [];
  return locales
    .filter((locale) => locale !== current)
    .map((locale) => {
      const url = new URL(self);
      url.searchParams.set(languageParameter, locale);
      return { locale, label: localeNames[locale], href: `${hostless(url.pathname)}${url.search}` };
    });
}
