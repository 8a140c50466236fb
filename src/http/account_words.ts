import type { Locale } from '../i18n/locales.ts';
import type { AccountAddress, Device } from './account_pages.ts';
import type { Say } from './page_views.ts';

export type Badge = { tone: 'moss' | 'silt' | 'amber'; text: string };
export type Row = {
  id: string;
  term: string;
  value: string;
  badge?: Badge;
  action?: { href: string; label: string };
};

export const dayOf = (date: Date, locale: Locale): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }).format(date);
export const momentOf = (date: Date, locale: Locale): { iso: string; text: string } => ({
  iso: date.toISOString(),
  text: new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZone: 'UTC',
    timeZoneName: 'short',
  }).format(date),
});
export const listOf = (names: readonly string[], locale: Locale): string =>
  new Intl.ListFormat(locale, { type: 'unit' }).format(names);
export const countOf = (count: number, locale: Locale): string => new Intl.NumberFormat(locale).format(count);

export const typeOf = ({ type }: AccountAddress, say: Say): string =>
  say(type === 'email' ? 'account.email' : 'account.mobile');

export const confirmation = ({ isConfirmed }: AccountAddress, say: Say): Badge =>
  isConfirmed
    ? { tone: 'moss', text: say('account.confirmed') }
    : { tone: 'silt', text: say('account.not_confirmed') };

export function deviceName({ browser, system }: Device, say: Say): string {
  if (browser !== undefined && system !== undefined) return say('account.device', { browser, system });
  return browser ?? system ?? say('account.device_unknown');
}
