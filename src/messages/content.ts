import type { Locale } from '../i18n/locales.ts';
import { describeDuration, translate, type MessageKey } from '../i18n/translate.ts';
import type { MessageValues, Template } from './message.ts';

/** What a message says, before it takes the form of a mail or a text. All of it is text. */
export type MessageContent = {
  readonly product: string;
  readonly subject: string;
  readonly heading: string;
  readonly lede: string;
  readonly code?: { readonly label: string; readonly value: string };
  readonly action?: { readonly label: string; readonly href: string; readonly fallback: string };
  /** How long code and link work. */
  readonly validity?: string;
  /** What to do when it was not you. */
  readonly note: string;
  readonly foot: string;
  /** The whole of it as a text message, without code and link. */
  readonly short: string;
};

export type ContentInput = {
  readonly template: Template;
  readonly purpose: string | null;
  readonly locale: Locale;
  /** Who speaks: the workspace, else the tenant, as {@link plainName} gives it. */
  readonly product: string;
  readonly values: MessageValues;
  /** Until the code dies. */
  readonly secondsLeft: number | null;
};

/** A template's sentences; each name has a subject, a heading, a lede, a note and a short form in every language. */
const SENTENCES: Record<Template, (purpose: string | null) => string> = {
  activate_account_with_code: () => 'activate',
  activate_account_with_link: () => 'activate',
  address_verification_with_link: () => 'verify_address',
  identifier_used: () => 'identifier_used',
  otp: (purpose) => (purpose === 'verify_address' || purpose === 'transport_test' ? purpose : 'otp'),
  reset_credentials_with_code: resetSentences,
  reset_credentials_with_link: resetSentences,
  password_changed: () => 'password_changed',
  new_passkey: () => 'new_passkey',
  new_second_factor: () => 'new_second_factor',
  address_changed: () => 'address_changed',
  address_change_requested: () => 'address_change_requested',
  address_change_done: () => 'address_change_done',
  recovery_used: () => 'recovery_used',
};

function resetSentences(purpose: string | null): string {
  if (purpose === 'reset_totp') return 'reset_totp';
  return purpose === 'enroll_webauthn' ? 'enroll_webauthn' : 'reset_password';
}

type Part = 'subject' | 'heading' | 'lede' | 'action' | 'note' | 'short';

/** The sentences of a message in a language. */
export function messageContent(input: ContentInput): MessageContent {
  const { template, purpose, locale, product, values, secondsLeft } = input;
  const name = SENTENCES[template](purpose);
  const say = (part: Part) =>
    translate(locale, `message.${name}.${part}` as MessageKey, {
      product,
      code: values.code ?? '',
      address: values.address ?? '',
    }).trim();
  const { code, link } = values;
  const worksFor =
    secondsLeft === null || (code ?? link) === undefined
      ? undefined
      : translate(locale, 'message.validity', { duration: describeDuration(locale, secondsLeft) });
  return {
    product,
    subject: say('subject'),
    heading: say('heading'),
    lede: say('lede'),
    ...(code !== undefined && { code: { label: translate(locale, 'message.code'), value: code } }),
    ...(link !== undefined && {
      action: { label: say('action'), href: link, fallback: translate(locale, 'message.link_fallback') },
    }),
    ...(worksFor !== undefined && { validity: worksFor }),
    note: say('note'),
    foot: translate(locale, 'message.foot', { product }),
    short: say('short'),
  };
}
