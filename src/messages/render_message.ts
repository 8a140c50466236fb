import { readFileSync } from 'node:fs';
import ejs from 'ejs';
import { directionOf } from '../i18n/locales.ts';
import type { Mail } from './channels/channel.ts';
import { messageContent, type ContentInput, type MessageContent } from './content.ts';
import { fillIn, type MessageVariables } from './fill_in.ts';

/** Texts of a tenant's own in the place of ours, each with logic-less variables. */
export type MessageOverride = {
  readonly subject?: string;
  readonly text?: string;
  readonly html?: string;
};

/** A subject line stays one line and readable: RFC 5322 §2.1.1 wants lines under 998, people far less. */
const LONGEST_SUBJECT = 150;

const file = new URL('../../views/mail/message.ejs', import.meta.url);
const template = ejs.compile(readFileSync(file, 'utf8'), {
  cache: true,
  filename: file.pathname,
  strict: true,
  localsName: 'page',
  destructuredLocals: ['content', 'locale', 'dir'],
});

/** A message as a mail: text and HTML say the same, and name no address but the link. */
export function renderMail(input: ContentInput, override: MessageOverride = {}): Mail {
  const content = messageContent(input);
  const variables = variablesOf(input);
  const { locale } = input;
  const fill = (own: string | undefined, as: 'text' | 'html', ours: string) =>
    own === undefined ? ours : fillIn(own, variables, as);
  return {
    locale,
    subject: oneLine(fill(override.subject, 'text', content.subject)),
    text: fill(override.text, 'text', textOf(content)),
    html: fill(override.html, 'html', template({ content, locale, dir: directionOf(locale) })),
  };
}

/**
 * A message as a text. A code ends it as a line that browsers and phones fill in on our origin only
 * (`@id.example.com #123456`, origin-bound one-time codes).
 * @param host where the code is entered.
 */
export function renderSms(input: ContentInput, host: string, override: MessageOverride = {}): string {
  const { short } = messageContent(input);
  const { code, link } = input.values;
  const lines =
    override.text === undefined
      ? [short, ...(link === undefined ? [] : [link])]
      : [fillIn(override.text, variablesOf(input), 'text')];
  return [...lines, ...(code === undefined ? [] : ['', `@${host} #${code}`])].join('\n');
}

function variablesOf({ values, product }: ContentInput): MessageVariables {
  return {
    'OTP.Code': values.code ?? '',
    'OTP.Link': values.link ?? '',
    'Product.Name': product,
    Address: values.address ?? '',
  };
}

function textOf(content: MessageContent): string {
  const { heading, lede, code, action, validity, note, foot } = content;
  const blocks = [
    heading,
    lede,
    ...(action === undefined ? [] : [`${action.label}:\n${action.href}`]),
    ...(code === undefined ? [] : [`${code.label}:\n${code.value}`]),
    ...(validity === undefined ? [] : [validity]),
    note,
    `-- \n${foot}`,
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

/** No line break can begin a header of its own, whoever wrote the text. */
function oneLine(subject: string): string {
  const line = subject.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return Array.from(line).slice(0, LONGEST_SUBJECT).join('');
}
