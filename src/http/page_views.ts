import type { PagePolicy } from '../security/headers.ts';
import type { Locale } from '../i18n/locales.ts';
import { describeDuration, isMessageKey, type MessageKey, type MessageParams } from '../i18n/translate.ts';
import { accountPageViews } from './account_page_views.ts';
import { backLink } from './back_link.ts';
import { codePageViews } from './code_page_views.ts';
import type { PageName, Pages } from './pages.ts';
import { factorPageViews } from './factor_page_views.ts';
import { registerPageViews } from './register_page_views.ts';
import { signInPageViews } from './sign_in_page_views.ts';
import { safeHref } from './safe_addresses.ts';
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

/** How a model becomes a view. */
export type Present<Model> = (model: Model, say: Say, locale: Locale) => PageView;

/** Codes that have something more helpful to say than their status. */
const messageByCode: ReadonlyMap<string, MessageKey> = new Map([
  ['invalid_client', 'error.client_unknown'],
  ['invalid_redirect_uri', 'error.redirect_uri_unknown'],
  ['form_not_ours', 'error.form_outdated'],
  ['no_identity_provider', 'error.no_pool'],
  ['forbidden', 'error.forbidden'],
  ['no_second_factor', 'error.no_second_factor'],
]);

/** Pages as data: how each model becomes a view. */
export const pageViews: { [Name in PageName]: Present<Pages[Name]> } = {
  ...accountPageViews,
  ...codePageViews,
  ...factorPageViews,
  ...registerPageViews,
  ...signInPageViews,

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
        policyHref: safeHref(model.policyHref),
        termsHref: safeHref(model.termsHref),
        leadsTo: model.leadsTo,
        scopes: model.scopes.map((scope) => ({
          title: scope.title ?? scopeTitle(scope.name, say),
          description: scope.description,
        })),
      },
    };
  },

  account_chooser: (model, say, locale) => {
    const heading = say('account_chooser.title');
    return {
      status: 200,
      level: '1',
      heading,
      isWrong: false,
      forms: 'redirecting',
      action: model.action,
      model: {
        heading,
        action: model.action,
        csrfToken: model.csrfToken,
        appName: model.app.name,
        account: model.account,
        initial: initialOf(model.account, locale),
      },
    };
  },

  no_access: (model, say) => {
    const heading = say('no_access.title', { app: model.app.name });
    return {
      status: 403,
      level: '3',
      heading,
      isWrong: true,
      forms: 'redirecting',
      action: model.action,
      model: {
        heading,
        action: model.action,
        csrfToken: model.csrfToken,
        appName: model.app.name,
        orgName: model.orgName,
        accountName: model.accountName,
        signOutHref: safeHref(model.signOutHref),
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
        isOurs: model.status >= 500,
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

  dev_mailbox: (model, say, locale) => {
    const heading = say('dev_mailbox.title');
    const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium', hourCycle: 'h23' });
    return {
      status: 200,
      level: '2',
      heading,
      isWrong: false,
      forms: 'none',
      model: {
        heading,
        letters: model.letters.map((letter) => ({
          id: letter.id,
          channel: letter.channel,
          to: letter.to,
          subject: letter.subject,
          text: letter.text,
          code: letter.code,
          isGone: letter.isGone,
          status: say(`dev_mailbox.status.${letter.status}`),
          at: letter.at.toISOString(),
          time: clock.format(letter.at),
          linkHref: safeHref(letter.link),
          mailHref: safeHref(letter.mailHref),
        })),
      },
    };
  },
};

function pairs(fields: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(fields).map(([name, value]) => ({ name, value }));
}

/** The first letter of a name, as people see letters. */
function initialOf(name: string, locale: Locale): string {
  const [first] = new Intl.Segmenter(locale).segment(name.trim());
  return (first?.segment ?? '').toLocaleUpperCase(locale);
}

function scopeTitle(name: string, say: Say): string {
  const key = `scope.${name}`;
  return isMessageKey(key) ? say(key) : name;
}
