import { TOTP_DIGITS } from '../credentials/totp.ts';
import type { Locale } from '../i18n/locales.ts';
import { describeDuration, type MessageKey } from '../i18n/translate.ts';
import { assetPath } from './assets.ts';
import { basinColor } from './basin_color.ts';
import type { Present, Say } from './page_views.ts';
import { inGroups } from './qr.ts';
import { logoOrigin, safeHref, showableLogo } from './safe_addresses.ts';
import type { MethodName, ResendPart, SignInModel, SignInPages } from './sign_in_pages.ts';

const quiet = { status: 200, isWrong: false, forms: 'redirecting' } as const;

/** What a link or button says that leads to a method. */
const USE: Readonly<Record<MethodName, MessageKey>> = {
  password: 'method.use.password',
  email_otp: 'method.use.email_otp',
  sms_otp: 'method.use.sms_otp',
  totp: 'method.use.totp',
  webauthn: 'method.use.webauthn',
  recovery_code: 'method.use.recovery_code',
};

type Words = { readonly title: MessageKey; readonly lede: MessageKey };

const CODE: Readonly<Record<'email_otp' | 'sms_otp' | 'totp', Words>> = {
  email_otp: { title: 'enter_code.title_sent', lede: 'sign_in_code.lede_sent' },
  sms_otp: { title: 'enter_code.title_sent', lede: 'sign_in_code.lede_sent' },
  totp: { title: 'enter_code.title', lede: 'sign_in_code.lede_totp' },
};

const SECOND: Readonly<Record<MethodName, Words>> = {
  password: { title: 'second_factor.title', lede: 'second_factor.lede_password' },
  email_otp: { title: 'second_factor.title', lede: 'second_factor.lede_sent' },
  sms_otp: { title: 'second_factor.title', lede: 'second_factor.lede_sent' },
  totp: { title: 'second_factor.title', lede: 'second_factor.lede_totp' },
  webauthn: { title: 'second_factor.title', lede: 'second_factor.lede_webauthn' },
  recovery_code: { title: 'second_factor.title_recovery', lede: 'second_factor.lede_recovery' },
};

const stepOf = ({ action, csrfToken, step }: { action: string; csrfToken: string; step: string }) => ({
  action,
  csrfToken,
  step,
});

const ways = (methods: readonly MethodName[], say: Say) =>
  methods.map((method) => ({ method, label: say(USE[method]) }));

const links = (found: readonly { method: MethodName; href: string }[], say: Say) =>
  found.map(({ method, href }) => ({ method, href: safeHref(href), label: say(USE[method]) }));

const resendView = ({ sent, waitSeconds }: ResendPart, say: Say, locale: Locale) => ({
  sent,
  waitSeconds,
  wait:
    waitSeconds > 0
      ? say('enter_code.resend_wait', { duration: describeDuration(locale, waitSeconds) })
      : undefined,
});

/** The pages of a sign-in as data. */
export const signInPageViews: { [Name in keyof SignInPages]: Present<SignInPages[Name]> } = {
  sign_in: (model, say) => {
    const heading = say(model.isWelcomeBack === true ? 'sign_in.title_back' : 'sign_in.title');
    const { poolName, passkey, method } = model;
    return {
      ...quiet,
      level: '1',
      heading,
      isWrong: model.error !== undefined,
      action: model.action,
      model: {
        heading,
        action: model.action,
        csrfToken: model.csrfToken,
        appName: model.app.name,
        method,
        identifier: model.identifier,
        hasFailed: model.error === 'failed',
        isMissing: model.error === 'missing',
        passkeyFailed: model.error === 'passkey',
        forgotHref: safeHref(model.forgotHref),
        registerHref: safeHref(model.registerHref),
        submit: say(submitOf(method)),
        ways: links(model.ways ?? [], say),
        passkey: passkey && {
          isFirst: passkey.isFirst,
          isOnly: method === undefined,
          action: passkey.action,
          optionsHref: safeHref(passkey.optionsHref),
          script: assetPath('passkeys.js'),
        },
        remember: model.remember,
        isWelcomeBack: model.isWelcomeBack === true,
        otherHref: poolName === undefined ? safeHref(model.changePoolHref) : undefined,
        pool:
          poolName === undefined
            ? undefined
            : {
                name: poolName,
                color: basinColor(model.basinColor),
                changeHref: safeHref(model.changePoolHref),
              },
      },
    };
  },

  pool_chooser: (model, say) => {
    const heading = say('pool_chooser.title');
    const origins = model.choices.map((choice) => logoOrigin(choice.logoUri));
    return {
      ...quiet,
      level: '1',
      heading,
      action: model.action,
      imageOrigins: origins.filter((origin) => origin !== undefined),
      model: {
        heading,
        action: model.action,
        csrfToken: model.csrfToken,
        appName: model.app.name,
        identifier: model.identifier,
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

  discover: (model, say) => {
    const heading = say('sign_in.title');
    return {
      ...quiet,
      level: '1',
      heading,
      isWrong: model.error !== undefined,
      action: model.action,
      model: {
        heading,
        action: model.action,
        csrfToken: model.csrfToken,
        appName: model.app.name,
        identifier: model.identifier,
        isMissing: model.error === 'missing',
      },
    };
  },

  sign_in_code: (model, say, locale) => {
    const { title, lede } = CODE[model.method];
    const heading = say(title);
    const { resend } = model;
    return {
      ...quiet,
      level: '2',
      heading,
      isWrong: model.error !== undefined,
      action: model.action,
      model: {
        ...stepOf(model),
        heading,
        lede: say(lede, { address: model.sentTo }),
        codeLength: model.codeLength,
        isSent: resend !== undefined,
        error: model.error && say(codeError(model.error, resend !== undefined)),
        isRefused: model.error === 'refused',
        resend: resend && { action: resend.action, ...resendView(resend, say, locale) },
        otherHref: safeHref(model.otherHref),
        ways: links(model.ways, say),
      },
    };
  },

  second_factor: (model, say, locale) => {
    const { title, lede } = SECOND[model.method];
    const heading = say(title);
    const { resend, rememberedSeconds, method } = model;
    const isSent = resend !== undefined;
    const error = method === 'password' ? 'second_factor.password_missing' : codeError('missing', isSent);
    return {
      ...quiet,
      level: '2',
      heading,
      isWrong: model.error !== undefined,
      action: model.action,
      model: {
        ...stepOf(model),
        heading,
        method,
        codeLength: model.codeLength,
        lede: say(lede, { address: model.sentTo ?? '' }),
        error: model.error && say(model.error === 'missing' ? error : refusedOf(method)),
        isRefused: model.error === 'refused',
        resend: resend && { method, ...resendView(resend, say, locale) },
        passkey: passkeyStep(model.passkeyOptionsHref, 'get'),
        remember:
          rememberedSeconds === undefined
            ? undefined
            : say('second_factor.remember', { duration: describeDuration(locale, rememberedSeconds) }),
        ways: ways(model.ways, say),
        lost: model.lostHref && {
          href: safeHref(model.lostHref),
          label: say(method === 'totp' ? 'second_factor.lost_totp' : 'second_factor.lost_webauthn'),
        },
        startHref: safeHref(model.startHref),
      },
    };
  },

  enrol_factor: (model, say) => {
    const isTotp = model.method === 'totp';
    const heading = say(isTotp ? 'enrol_factor.title_totp' : 'enrol_factor.title_webauthn');
    const { error, totp } = model;
    return {
      ...quiet,
      level: '2',
      heading,
      isWrong: error !== undefined,
      action: model.action,
      model: {
        ...stepOf(model),
        heading,
        lede: say(isTotp ? 'enrol_factor.lede_totp' : 'enrol_factor.lede_webauthn', { app: model.app.name }),
        codeLength: TOTP_DIGITS,
        totp: totp && { secret: inGroups(totp.secret), qr: totp.qr },
        passkey: passkeyStep(model.passkeyOptionsHref, 'create'),
        error:
          error === 'passkey'
            ? say('passkey.failed')
            : error && say(error === 'missing' ? 'sign_in_code.missing_totp' : 'sign_in_code.refused_totp'),
        ways: model.ways.map((method) => ({
          method,
          label: say(method === 'totp' ? 'enrol_factor.use_totp' : 'enrol_factor.use_webauthn'),
        })),
        startHref: safeHref(model.startHref),
      },
    };
  },

  passkey_offer: (model, say) => {
    const heading = say('passkey_offer.title');
    return {
      ...quiet,
      level: '3',
      heading,
      isWrong: model.error !== undefined,
      action: model.action,
      model: {
        ...stepOf(model),
        heading,
        lede: say('passkey_offer.lede', { app: model.app.name }),
        hasFailed: model.error !== undefined,
        passkey: passkeyStep(model.optionsHref, 'create'),
      },
    };
  },

  recovery_codes: (model, say) => {
    const heading = say('recovery_codes.title');
    return {
      ...quiet,
      level: '3',
      heading,
      action: model.action,
      model: {
        ...stepOf(model),
        heading,
        lede: say('recovery_codes.lede'),
        codes: model.codes,
        submit: say('recovery_codes.submit', { app: model.app.name }),
      },
    };
  },

  method_off: (model, say) => {
    const heading = say('method_off.title');
    return {
      status: 403,
      level: 'still',
      heading,
      isWrong: true,
      forms: 'none',
      model: { heading, lede: say('method_off.lede'), startHref: safeHref(model.startHref) },
    };
  },
};

function submitOf(method: SignInModel['method']): MessageKey {
  if (method === 'email_otp' || method === 'sms_otp') return 'sign_in.send_code';
  return method === 'totp' ? 'sign_in.next' : 'sign_in.submit';
}

function codeError(error: 'refused' | 'missing', isSent: boolean): MessageKey {
  if (error === 'missing') return isSent ? 'enter_code.missing' : 'sign_in_code.missing_totp';
  return isSent ? 'enter_code.refused_field' : 'sign_in_code.refused_totp';
}

function refusedOf(method: MethodName): MessageKey {
  if (method === 'password') return 'second_factor.password_refused';
  if (method === 'recovery_code') return 'second_factor.recovery_refused';
  if (method === 'webauthn') return 'passkey.failed';
  return codeError('refused', method !== 'totp');
}

const passkeyStep = (optionsHref: string | undefined, ceremony: 'get' | 'create') =>
  optionsHref === undefined
    ? undefined
    : { optionsHref: safeHref(optionsHref), ceremony, script: assetPath('passkeys.js') };
