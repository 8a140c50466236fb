import type { Locale } from '../i18n/locales.ts';
import { describeDuration, translate, type MessageKey } from '../i18n/translate.ts';
import { type MessageName, messageNameOf } from './catalogue.ts';
import type { MessageValues, Template } from './message.ts';
import type { MessageVariables } from './variables.ts';

/** A piece of a message. All of it is text; what a mail makes of it is the mail's business. */
export type Block =
  | { readonly kind: 'text'; readonly text: string; readonly isQuiet?: boolean }
  | { readonly kind: 'code'; readonly label: string; readonly code: string }
  | { readonly kind: 'action'; readonly label: string; readonly href: string };

/** What a message says, before it takes the form of a mail or a text. */
export type MessageContent = {
  readonly product: string;
  readonly subject: string;
  readonly heading: string;
  readonly blocks: readonly Block[];
  /** Stands before the address that a button leads to. */
  readonly fallback: string;
  readonly foot: string;
  /** The whole of it as a text message, without the line that browsers fill in. */
  readonly short: string;
};

export type ContentInput = {
  readonly template: Template;
  readonly purpose: string | null;
  readonly locale: Locale;
  /** Who speaks: the workspace, else the tenant, as `plainName` gives it. */
  readonly product: string;
  readonly values: MessageValues;
  /** Until the code dies. */
  readonly secondsLeft: number | null;
};

type Part = 'subject' | 'heading' | 'lede' | 'action' | 'note' | 'short';

/** A message in our words. */
export function messageContent(input: ContentInput): MessageContent {
  const { locale, product, values } = input;
  const name: MessageName = messageNameOf(input.template, input.purpose);
  const say = (part: Part) =>
    translate(locale, `message.${name}.${part}` as MessageKey, {
      product,
      code: values.code ?? '',
      address: values.address ?? '',
    }).trim();
  const { code, link } = values;
  const duration = validityOf(input);
  return {
    ...frameOf(input),
    subject: say('subject'),
    heading: say('heading'),
    blocks: [
      { kind: 'text', text: say('lede') },
      ...(link === undefined ? [] : [{ kind: 'action', label: say('action'), href: link } as const]),
      ...(code === undefined
        ? []
        : [{ kind: 'code', label: translate(locale, 'message.code'), code } as const]),
      ...(duration === undefined
        ? []
        : [{ kind: 'text', text: translate(locale, 'message.validity', { duration }) } as const]),
      { kind: 'text', text: say('note'), isQuiet: true },
    ],
    short: [say('short'), ...(link === undefined ? [] : [link])].join('\n'),
  };
}

/** What every message has around its words, whoever wrote them. */
export function frameOf({
  locale,
  product,
}: ContentInput): Pick<MessageContent, 'product' | 'fallback' | 'foot'> {
  return {
    product,
    fallback: translate(locale, 'message.link_fallback'),
    foot: translate(locale, 'message.foot', { product }),
  };
}

/** What stands for the variables of a text that is not ours. */
export function variablesFor(input: ContentInput): MessageVariables {
  const { code, link, address } = input.values;
  const validity = validityOf(input);
  return {
    'Product.Name': input.product,
    ...(code !== undefined && { 'OTP.Code': code }),
    ...(link !== undefined && { 'OTP.Link': link }),
    ...(validity !== undefined && { 'OTP.Validity': validity }),
    ...(address !== undefined && { Address: address }),
  };
}

/** How long code and link work, in words; undefined where there is nothing that ends. */
function validityOf({ locale, values: { code, link }, secondsLeft }: ContentInput): string | undefined {
  if (secondsLeft === null || (code ?? link) === undefined) return undefined;
  return describeDuration(locale, secondsLeft);
}
