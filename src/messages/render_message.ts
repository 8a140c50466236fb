import { readFileSync } from 'node:fs';
import ejs from 'ejs';
import { directionOf } from '../i18n/locales.ts';
import { type MessageName, messageNameOf } from './catalogue.ts';
import { messageContent, type Block, type ContentInput, type MessageContent } from './content.ts';
import type { Mail } from './message.ts';
import { mailInOwnWords, type OwnWords, textInOwnWords } from './templates/own_words.ts';

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
export function renderMail(input: ContentInput, own?: OwnWords): Mail {
  const content = (own && mailInOwnWords(nameOf(input), own, input)) ?? messageContent(input);
  const { locale } = input;
  return {
    locale,
    subject: oneLine(content.subject),
    text: textOf(content),
    html: template({ content, locale, dir: directionOf(locale) }),
  };
}

/**
 * A message as a text. A code ends it as a line that browsers and phones fill in on our origin only
 * (`@id.example.com #123456`, origin-bound one-time codes), whoever wrote the rest.
 * @param host where the code is entered.
 */
export function renderSms(input: ContentInput, host: string, own?: OwnWords): string {
  const text = (own && textInOwnWords(nameOf(input), own, input)) ?? messageContent(input).short;
  const { code } = input.values;
  return [text, ...(code === undefined ? [] : ['', `@${host} #${code}`])].join('\n');
}

const nameOf = ({ template: of, purpose }: ContentInput): MessageName => messageNameOf(of, purpose);

/** The plain text of a mail. */
export function textOf({
  heading,
  blocks,
  foot,
}: Pick<MessageContent, 'heading' | 'blocks' | 'foot'>): string {
  const paragraphs = [heading, ...blocks.map(lineOf), foot === '' ? '' : `-- \n${foot}`];
  return `${paragraphs.filter((paragraph) => paragraph !== '').join('\n\n')}\n`;
}

function lineOf(block: Block): string {
  if (block.kind === 'text') return block.text;
  const value = block.kind === 'code' ? block.code : block.href;
  return block.label === '' || block.label === value ? value : `${block.label}:\n${value}`;
}

/** No line break can begin a header of its own, whoever wrote the text. */
function oneLine(subject: string): string {
  const line = subject.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return Array.from(line).slice(0, LONGEST_SUBJECT).join('');
}
