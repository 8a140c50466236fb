import type { PagePolicy } from '../security/headers.ts';
import type { Locale } from '../i18n/locales.ts';
import { describeDuration, isMessageKey, type MessageKey, type MessageParams } from '../i18n/translate.ts';
import { basinColor } from './basin_color.ts';
import type { AppLabel, PageName, Pages } from './pages.ts';
import { logoOrigin, safeHref, showableLogo } from './safe_addresses.ts';
import type { Level } from './shell.ts';

/** Says a sentence in the language of the page. */
export type Say = (key: MessageKey, params?: MessageParams) => string;

/** One page, ready for its template: text and addresses picked field by field, nothing of the caller's objects. */
export interface PageView {
  status: number;
  level: Level;
  heading: string;
  /** The page tells of an error: its title begins with the word. */
  isWrong: boolean;
  forms: PagePolicy['forms'];
  /** Where the form goes, to know whether the page has an address of its own. */
  action?: string;
  /** Origins of images beside the application's logo. */
  imageOrigins?: string[];
  retryAfterSeconds?: number;
  model: object;
}

type Present<Name extends PageName> = (model: Pages[Name], say: Say, locale: Locale) => PageView;

/** Codes that have something more helpful to say than their status. */
const messageByCode: ReadonlyMap<string, MessageKey> = new Map([
  ['invalid_client', 'error.client_unknown'],
  ['invalid_redirect_uri', 'error.redirect_uri_unknown'],
  ['form_not_ours', 'error.form_outdated'],
]);

/** Pages as data: how each model becomes a view. */
export const pageViews: { [Name in PageName]: Present<Name> } = {
  sign_in: (model, say) => {
    const heading = say('sign_in.title');
    const color = basinColor(model.basinColor);
    const changeHref = safeHref(model.changePoolHref);
    return {
      status: 200,
      level: '1',
      heading,
      isWrong: model.error !== undefined,
      forms: 'redirecting',
      action: model.action,
      model: {
        heading,
        action: model.action,
        csrfToken: model.csrfToken,
        appName: model.app.name,
        identifier: model.identifier,
        hasFailed: model.error === 'failed',
        pool: model.poolName === undefined ? undefined : { name: model.poolName, color, changeHref },
      },
    };
  },

  pool_chooser: (model, say) => {
    const heading = say('pool_chooser.title');
    const origins = model.choices.map((choice) => logoOrigin(choice.logoUri));
    return {
      status: 200,
      level: '1',
      heading,
      isWrong: false,
      forms: 'redirecting',
      action: model.action,
      imageOrigins: origins.filter((origin) => origin !== undefined),
      model: {
        heading,
        action: model.action,
        csrfToken: model.csrfToken,
        appName: model.app.name,
        choices: model.choices.map((choice) => ({
          id: choice.id,
          name: choice.name,
          description: choice.description,
          logoUri: showableLogo(choice.logoUri),
          color: basinColor(choice.color),
        })),
      },
    };
  },

  consent: (model, say) => {
    const heading = say('consent.title', { app: model.app.name });
    return {
      status: 200,
      level: '3',
      heading,
      isWrong: false,
      forms: 'redirecting',
      action: model.action,
      model: {
        heading,
        action: model.action,
        csrfToken: model.csrfToken,
        appName: model.app.name,
        orgName: model.orgName,
        accountName: model.accountName,
        scopes: model.scopes.map((scope) => ({
          title: scope.title ?? scopeTitle(scope.name, say),
          description: scope.description,
        })),
      },
    };
  },

  logout_confirm: (model, say) => {
    const heading = model.app
      ? say('logout_confirm.title_app', { app: model.app.name })
      : say('logout_confirm.title');
    return {
      status: 200,
      level: '3',
      heading,
      isWrong: false,
      forms: 'redirecting',
      action: model.action,
      model: { heading, action: model.action, fields: pairs(model.fields) },
    };
  },

  signed_out: (model, say) => {
    const heading = say('signed_out.title');
    return {
      status: 200,
      level: 'still',
      heading,
      isWrong: false,
      forms: 'none',
      model: {
        heading,
        signInHref: safeHref(model.signInHref),
        back: backLink(model.backHref, model.app, say),
      },
    };
  },

  still_signed_in: (model, say) => {
    const heading = say('still_signed_in.title');
    return {
      status: 200,
      level: '3',
      heading,
      isWrong: false,
      forms: 'none',
      model: { heading, back: backLink(model.backHref, model.app, say) },
    };
  },

  error: (model, say) => {
    const heading = say('error.title');
    const general = model.status >= 500 ? 'error.lede_server' : 'error.lede_request';
    return {
      status: model.status,
      level: 'still',
      heading,
      isWrong: true,
      forms: 'none',
      model: {
        heading,
        lede: say(model.message ?? messageByCode.get(model.code) ?? general),
        code: model.code,
        correlationId: model.correlationId,
        back: backLink(model.backHref, model.app, say),
      },
    };
  },

  expired: (model, say) => {
    const heading = say('expired.title');
    return {
      status: 410,
      level: 'still',
      heading,
      isWrong: true,
      forms: 'none',
      model: {
        heading,
        appName: model.app?.name ?? say('app.unnamed'),
        back: backLink(model.backHref, model.app, say),
      },
    };
  },

  not_found: (_model, say) => {
    const heading = say('not_found.title');
    return { status: 404, level: 'still', heading, isWrong: true, forms: 'none', model: { heading } };
  },

  busy: (model, say, locale) => {
    const heading = say('busy.title');
    const seconds = Math.max(1, Math.ceil(model.retryAfterSeconds));
    const retry = model.retryAction && {
      action: model.retryAction.action,
      fields: pairs(model.retryAction.fields),
    };
    return {
      status: 503,
      level: 'still',
      heading,
      isWrong: false,
      forms: retry ? 'redirecting' : 'none',
      ...(retry && { action: retry.action }),
      retryAfterSeconds: seconds,
      model: {
        heading,
        seconds,
        lede: say(retry ? 'busy.lede' : 'busy.lede_plain'),
        wait: say('busy.wait', { duration: describeDuration(locale, seconds) }),
        retry,
        back: backLink(model.backHref, model.app, say),
      },
    };
  },

  too_many_tries: (model, say, locale) => {
    const heading = say('too_many_tries.title');
    const seconds = model.retryAt && Math.max(1, Math.ceil((model.retryAt.getTime() - Date.now()) / 1000));
    return {
      status: 429,
      level: 'still',
      heading,
      isWrong: true,
      forms: 'none',
      ...(seconds !== undefined && { retryAfterSeconds: seconds }),
      model: {
        heading,
        lede:
          seconds === undefined
            ? say('too_many_tries.lede_later')
            : say('too_many_tries.lede', { duration: describeDuration(locale, seconds) }),
        retryAt: model.retryAt?.toISOString(),
        back: backLink(model.backHref, model.app, say),
      },
    };
  },
};

function backLink(href: string | undefined, app: AppLabel | undefined, say: Say) {
  const target = safeHref(href);
  if (target === undefined) return undefined;
  return { href: target, label: app ? say('app.back', { app: app.name }) : say('app.back_unnamed') };
}

function pairs(fields: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(fields).map(([name, value]) => ({ name, value }));
}

function scopeTitle(name: string, say: Say): string {
  const key = `scope.${name}`;
  return isMessageKey(key) ? say(key) : name;
}
