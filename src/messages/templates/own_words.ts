import { type MessageName, neededIn } from '../catalogue.ts';
import { type Block, type ContentInput, frameOf, type MessageContent, variablesFor } from '../content.ts';
import { fillIn, isVariable, type MessageVariables, namesIn } from '../variables.ts';

/** A message as a tenant wrote it: text with variables. A text message has no subject. */
export type OwnWords = { readonly subject: string; readonly text: string };

/**
 * A mail in a tenant's own words. The text is plain: an empty line ends a paragraph, the first one is the heading, one
 * that ends in a line with nothing but the link is a button and one with nothing but the code shows it large, both
 * under the words before. A paragraph with a variable that has no value this time is left out.
 * @returns undefined where the words would leave out the code or the link that this message is sent for: it is said in
 * ours then, because nobody may miss what they wait for.
 */
export function mailInOwnWords(
  message: MessageName,
  words: OwnWords,
  input: ContentInput,
): Omit<MessageContent, 'short'> | undefined {
  const variables = variablesFor(input);
  const paragraphs = sayable(words.text.split(/\n[^\S\n]*\n/), message, variables);
  if (paragraphs === undefined) return undefined;
  const blocks = paragraphs.map((paragraph) => blockOf(paragraph, variables));
  const [first, ...rest] = blocks;
  const subject = fillIn(words.subject, variables);
  return first?.kind === 'text'
    ? { ...frameOf(input), subject, heading: first.text.replaceAll('\n', ' '), blocks: rest }
    : { ...frameOf(input), subject, heading: subject, blocks };
}

/** A text message in a tenant's own words; a line with a variable that has no value is left out. Else as a mail. */
export function textInOwnWords(
  message: MessageName,
  words: OwnWords,
  input: ContentInput,
): string | undefined {
  const variables = variablesFor(input);
  const lines = sayable(words.text.split('\n'), message, variables);
  return lines?.map((line) => fillIn(line, variables)).join('\n');
}

/** The pieces of a text that can be said this time; undefined when what people wait for is in none of them. */
function sayable(
  pieces: readonly string[],
  message: MessageName,
  variables: MessageVariables,
): string[] | undefined {
  const whole = pieces
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '' && namesIn(piece).every((name) => isVariable(name) && name in variables));
  const carried = neededIn(message).filter((name) => name in variables);
  const said = whole.flatMap(namesIn);
  const isWhole = carried.length === 0 || carried.some((name) => said.includes(name));
  return whole.length > 0 && isWhole ? whole : undefined;
}

const ONLY = /^\{\{\s*(OTP\.Code|OTP\.Link)\s*\}\}$/;

function blockOf(paragraph: string, variables: MessageVariables): Block {
  const lines = paragraph.split('\n').map((line) => line.trim());
  const only = ONLY.exec(lines.at(-1) ?? '')?.[1];
  const value = only === undefined ? '' : fillIn(`{{${only}}}`, variables);
  const label = withoutColon(fillIn(lines.slice(0, -1).join(' '), variables));
  if (only === 'OTP.Code') return { kind: 'code', label, code: value };
  if (only === 'OTP.Link') return { kind: 'action', label: label === '' ? value : label, href: value };
  return { kind: 'text', text: fillIn(paragraph, variables) };
}

/** No expression with spaces before an end: it would be tried from each of many spaces. */
const withoutColon = (label: string): string => label.trimEnd().replace(/:$/, '').trimEnd();
