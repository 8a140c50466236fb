import { nameOfLocale } from '../i18n/locales.ts';
import type { MessageKey } from '../i18n/translate.ts';
import { homeOf, accountPage } from './account_frame.ts';
import type { AccountViews } from './account_page_views.ts';
import type { AccountSection } from './account_pages.ts';
import { type Row, dayOf, listOf, countOf, typeOf, confirmation } from './account_words.ts';
import { safeHref } from './safe_addresses.ts';

/** The first page of an account: everything in it at a glance. */
export const overviewViews: AccountViews<'account'> = {
  account: (model, say, locale) => {
    const to = (section: AccountSection, label: MessageKey) => ({
      href: `${homeOf(model)}/${section}`,
      label: say(label),
    });
    const { password, totp, passkeys, recoveryCodes, devices, addresses, applications } = model;
    const signIn: (Row | undefined)[] = [
      password && {
        id: 'password',
        term: say('account.password'),
        value: !password.isSet
          ? say('account.not_set')
          : password.changedAt
            ? say('account.changed_on', { date: dayOf(password.changedAt, locale) })
            : say('account.set'),
        action: to('password', password.isSet ? 'account.change' : 'account.set_up'),
      },
      passkeys && {
        id: 'passkeys',
        term: say('account.passkeys'),
        value:
          passkeys.names.length === 0
            ? say('account.none')
            : listOf(
                passkeys.names.map((name) => name || say('account.passkey_unnamed')),
                locale,
              ),
        action: to('passkeys', passkeys.names.length === 0 ? 'account.add' : 'account.manage'),
      },
      totp && {
        id: 'totp',
        term: say('account.totp'),
        value: say(totp.isSet ? 'account.set' : 'account.not_set'),
        action: to('totp', totp.isSet ? 'account.change' : 'account.set_up'),
      },
      recoveryCodes && {
        id: 'recovery-codes',
        term: say('account.recovery_codes'),
        value: say('account.codes_left', { count: countOf(recoveryCodes.left, locale) }),
        ...(recoveryCodes.left < 3
          ? { badge: { tone: 'amber' as const, text: say('account.runs_out') } }
          : {}),
        action: to('recovery-codes', 'account.new_codes'),
      },
      devices === undefined
        ? undefined
        : {
            id: 'devices',
            term: say('account.devices'),
            value: countOf(devices, locale),
            action: to('devices', 'account.manage'),
          },
    ];
    const sections: { id: string; title: string; rows: Row[]; action?: Row['action'] }[] = [
      {
        id: 'you',
        title: say('account.section.you'),
        rows: model.profile.map(({ label, value }, index) => ({
          id: `profile-${index}`,
          term: label,
          value: typeof value === 'string' ? value : say(value ? 'account.yes' : 'account.no'),
        })),
        action: to('profile', 'account.change'),
      },
      {
        id: 'reach',
        title: say('account.section.reach'),
        rows: addresses.map((address, index) => ({
          id: `address-${index}`,
          term: typeOf(address, say),
          value: address.address,
          badge: confirmation(address, say),
        })),
        action: to('addresses', addresses.length === 0 ? 'account.add' : 'account.manage'),
      },
      {
        id: 'ways',
        title: say('account.section.ways'),
        rows: signIn.filter((row) => row !== undefined),
      },
      {
        id: 'access',
        title: say('account.section.access'),
        rows: [
          {
            id: 'sessions',
            term: say('account.sessions'),
            value: countOf(model.sessions, locale),
            action: to('sessions', 'account.manage'),
          },
          {
            id: 'applications',
            term: say('account.applications'),
            value: applications.length === 0 ? say('account.none') : listOf(applications, locale),
            action: to('applications', 'account.manage'),
          },
        ],
      },
      {
        id: 'data',
        title: say('account.section.data'),
        rows: [
          {
            id: 'language',
            term: say('account.language'),
            value: nameOfLocale(locale),
            action: to('language', 'account.change'),
          },
          {
            id: 'copy',
            term: say('account.copy'),
            value: say('account.copy_value'),
            action: to('data', 'account.download'),
          },
          ...(model.mayDelete
            ? [
                {
                  id: 'delete',
                  term: say('account.deletion'),
                  value: say('account.deletion_value'),
                  action: to('delete', 'account.delete'),
                },
              ]
            : []),
        ],
      },
    ];
    return accountPage(model, say, {
      heading: model.personName ?? say('account.title'),
      lede: say('account.lede', { group: model.groupName }),
      hasForm: model.passkeyLaterHref !== undefined && model.notice === undefined,
      passkeyLaterHref: model.passkeyLaterHref,
      passkeysHref: `${homeOf(model)}/passkeys`,
      sections,
      signOutHref: safeHref(model.signOutHref),
    });
  },
};
