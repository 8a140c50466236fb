import { translate } from '../../i18n/translate.ts';
import { messageNameOf, type MessageName, variablesOf } from '../catalogue.ts';
import { type Block, type ContentInput, messageContent } from '../content.ts';
import { TEMPLATES, type Template } from '../message.ts';
import { renderMail, renderSms, textOf } from '../render_message.ts';
import type { Variable } from '../variables.ts';
import type { TemplateKey } from './message_template.ts';
import type { OwnWords } from './own_words.ts';

/** Values to show a message with, in the place of the samples. */
export type SampleValues = {
  readonly product?: string | undefined;
  readonly code?: string | undefined;
  readonly link?: string | undefined;
  readonly address?: string | undefined;
};

/** A message as it would be sent. A text message has a text alone. */
export type Preview = { readonly subject: string; readonly text: string; readonly html: string };

const SAMPLE_CODE = '482913';
const SAMPLE_ADDRESS = 'm•••@example.test';
const SAMPLE_SECONDS = 30 * 60;

/** The message with everything in it that it may carry. */
export function previewOf(
  { message, channel, locale }: Pick<TemplateKey, 'message' | 'channel' | 'locale'>,
  own: OwnWords | undefined,
  { product, code, link, address }: SampleValues & { readonly product: string },
  publicUrl: string,
): Preview {
  const input: ContentInput = {
    ...oneOf(message),
    locale,
    product,
    values: {
      ...(mayCarry(message, 'OTP.Code') && { code: code ?? SAMPLE_CODE }),
      ...(mayCarry(message, 'OTP.Link') && { link: link ?? `${publicUrl}/example?code=sample` }),
      ...(mayCarry(message, 'Address') && { address: address ?? SAMPLE_ADDRESS }),
    },
    secondsLeft: mayCarry(message, 'OTP.Validity') ? SAMPLE_SECONDS : null,
  };
  if (channel === 'sms') {
    return { subject: '', text: renderSms(input, new URL(publicUrl).hostname, own), html: '' };
  }
  const { subject, text, html } = renderMail(input, own);
  return { subject, text, html };
}

/** Our words with the variables in the place of their values: what a tenant begins to write with. */
export function builtInWords({
  message,
  channel,
  locale,
}: Pick<TemplateKey, 'message' | 'channel' | 'locale'>): OwnWords {
  const { subject, heading, blocks, short } = messageContent({
    ...oneOf(message),
    locale,
    product: '{{Product.Name}}',
    values: {
      ...(mayCarry(message, 'OTP.Code') && { code: '{{OTP.Code}}' }),
      ...(mayCarry(message, 'OTP.Link') && { link: '{{OTP.Link}}' }),
      ...(mayCarry(message, 'Address') && { address: '{{Address}}' }),
    },
    secondsLeft: null,
  });
  if (channel === 'sms') return { subject: '', text: short };
  const validity = translate(locale, 'message.validity', { duration: '{{OTP.Validity}}' });
  const ends: Block[] = mayCarry(message, 'OTP.Validity') ? [{ kind: 'text', text: validity }] : [];
  const whole = [...blocks.slice(0, -1), ...ends, ...blocks.slice(-1)];
  return { subject, text: textOf({ heading, blocks: whole, foot: '' }) };
}

const mayCarry = (message: MessageName, variable: Variable): boolean =>
  variablesOf(message).includes(variable);

const PURPOSES = [null, 'verify_address', 'reset_totp', 'enroll_webauthn'];

/** A template and a purpose that lead to a message. */
function oneOf(message: MessageName): { readonly template: Template; readonly purpose: string | null } {
  for (const template of TEMPLATES) {
    for (const purpose of PURPOSES) {
      if (messageNameOf(template, purpose) === message) return { template, purpose };
    }
  }
  throw new Error(`no template leads to ${message}`);
}
