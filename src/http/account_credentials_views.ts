import { TOTP_DIGITS } from '../credentials/totp.ts';
import { accountPage } from './account_frame.ts';
import type { AccountViews } from './account_page_views.ts';
import { dayOf, countOf, deviceName } from './account_words.ts';
import { assetPath } from './assets.ts';
import { newPasswordView } from './password_rules.ts';
import { inGroups } from './qr.ts';
import { safeHref } from './safe_addresses.ts';

/** What a person signs in with. */
export const credentialsViews: AccountViews<
  'account_password' | 'account_totp' | 'account_passkeys' | 'account_recovery_codes' | 'account_devices'
> = {
  account_password: (model, say) => {
    const password = newPasswordView(model.password, say);
    const oldError = model.error && say('account_password.wrong');
    return accountPage(model, say, {
      section: 'password',
      heading: say(model.hasPassword ? 'account_password.title' : 'account_password.title_first'),
      lede: say('account_password.lede'),
      isWrong: password.error !== undefined || oldError !== undefined,
      hasPassword: model.hasPassword,
      signInName: model.signInName,
      password,
      oldError,
    });
  },

  account_totp: (model, say) =>
    accountPage(model, say, {
      section: 'totp',
      heading: say(model.isSet ? 'account_totp.title_change' : 'account_totp.title'),
      lede: say(model.isSet ? 'account_totp.lede_change' : 'account_totp.lede'),
      isWrong: model.error !== undefined,
      isSet: model.isSet,
      step: model.step,
      totp: { secret: inGroups(model.secret), qr: model.qr },
      codeLength: TOTP_DIGITS,
      error: model.error === 'refused' ? say('account_totp.refused') : undefined,
      currentError: model.error === 'current' ? say('account_totp.current_refused') : undefined,
    }),

  account_passkeys: (model, say, locale) =>
    accountPage(model, say, {
      section: 'passkeys',
      heading: say('account.passkeys'),
      lede: say('account_passkeys.lede'),
      isWrong: model.error !== undefined,
      passkeys: model.passkeys.map(({ id, name, createdAt }) => ({
        id,
        name,
        shownName: name || say('account.passkey_unnamed'),
        since: say('account.since', { date: dayOf(createdAt, locale) }),
      })),
      isLast: model.passkeys.length === 1,
      error:
        model.error && say(model.error === 'last' ? 'account_passkeys.last' : 'account_passkeys.not_added'),
      passkey: {
        script: assetPath('passkeys.js'),
        action: model.addHref,
        optionsHref: safeHref(model.optionsHref),
        ceremony: 'create',
      },
    }),

  account_recovery_codes: (model, say, locale) =>
    accountPage(model, say, {
      section: 'recovery-codes',
      heading: say('account_recovery_codes.title'),
      lede: say(model.codes ? 'account_recovery_codes.lede_shown' : 'account_recovery_codes.lede'),
      hasForm: model.codes === undefined,
      left: say('account.codes_left', { count: countOf(model.left, locale) }),
      hasSome: model.left > 0,
      codes: model.codes,
    }),

  account_devices: (model, say, locale) =>
    accountPage(model, say, {
      section: 'devices',
      heading: say('account_devices.title'),
      lede: say('account_devices.lede'),
      hasForm: model.devices.length > 0,
      empty: say('account_devices.none'),
      field: 'device',
      items: model.devices.map(({ id, device, ip, createdAt }) => ({
        id,
        name: deviceName(device, say),
        lines: [say('account.since', { date: dayOf(createdAt, locale) }), say('account.from', { ip })],
        button: say('account_devices.forget'),
      })),
    }),
};
