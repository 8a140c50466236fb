import type { MessageKey } from '../i18n/translate.ts';
import type { AccountNotice, AccountSection } from './account_pages.ts';
import type { PageView, Say } from './page_views.ts';
import { isOwnPath } from './safe_addresses.ts';

const NOTICE: Readonly<Record<AccountNotice, MessageKey>> = {
  profile_saved: 'account.done.profile_saved',
  address_sent: 'account.done.address_sent',
  address_confirmed: 'account.done.address_confirmed',
  address_cancelled: 'account.done.address_cancelled',
  password_changed: 'account.done.password_changed',
  totp_set: 'account.done.totp_set',
  passkey_added: 'account.done.passkey_added',
  passkey_named: 'account.done.passkey_named',
  passkey_removed: 'account.done.passkey_removed',
  device_forgotten: 'account.done.device_forgotten',
  session_ended: 'account.done.session_ended',
  others_ended: 'account.done.others_ended',
  access_revoked: 'account.done.access_revoked',
  language_saved: 'account.done.language_saved',
  changed_meanwhile: 'account.changed_meanwhile',
};

/** What every page of an account is told. */
export type Base = { homeHref: string; csrfToken: string; notice?: AccountNotice };

// Nothing that a model says becomes an address of elsewhere.
export const homeOf = ({ homeHref }: { homeHref: string }): string => (isOwnPath(homeHref) ? homeHref : '');

/** What every page of an account is made of; `section` is where its form goes. */
export function accountPage(
  base: Base,
  say: Say,
  {
    section,
    heading,
    lede,
    isWrong = false,
    hasForm = true,
    ...model
  }: {
    section?: AccountSection;
    heading: string;
    lede: string;
    isWrong?: boolean;
    hasForm?: boolean;
  } & Record<string, unknown>,
): PageView {
  const { csrfToken, notice } = base;
  const homeHref = homeOf(base);
  const done = notice && NOTICE[notice];
  const action = section === undefined ? homeHref : `${homeHref}/${section}`;
  return {
    status: 200,
    level: 'still',
    heading,
    isWrong,
    forms: hasForm ? 'redirecting' : 'none',
    action,
    model: {
      heading,
      lede,
      action,
      csrfToken,
      homeHref,
      back: section === undefined ? undefined : say('account.title'),
      notice: done && say(done),
      noticeTone: notice === 'changed_meanwhile' ? 'warn' : 'good',
      ...model,
    },
  };
}
