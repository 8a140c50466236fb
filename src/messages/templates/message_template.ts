import type { Issue } from '../../domain_error.ts';
import { type MessageName, neededIn, variablesOf } from '../catalogue.ts';
import type { Channel } from '../message.ts';
import { addressWith, namesIn, strayBraces } from '../variables.ts';
import type { OwnWords } from './own_words.ts';

/** Which message, in which form and language. */
export type TemplateKey = {
  readonly tenantId: string;
  readonly message: MessageName;
  readonly channel: Channel;
  readonly locale: string;
};

/** A message in a tenant's own words. */
export type MessageTemplate = TemplateKey &
  OwnWords & {
    readonly rowVersion: number;
    readonly createdAt: Date;
    readonly updatedAt: Date;
  };

/** What people read without turning away; texts are paid for by piece. */
const LONGEST_SUBJECT = 120;
const LONGEST_TEXT: Record<Channel, number> = { email: 5_000, sms: 300 };

/** Show an address as another. Isolates and marks, which right-to-left languages need, do not. */
const DIRECTIONS = /[\u202a-\u202e]/;

/** What is wrong with words that are to take the place of ours: every reason, with the field it concerns. */
export function templateIssues(
  { message, channel }: Pick<TemplateKey, 'message' | 'channel'>,
  { subject, text }: OwnWords,
): Issue[] {
  const issues: Issue[] = [];
  const refuse = (pointer: string, reason: string) => issues.push({ pointer, message: reason });
  if (channel === 'sms' && subject !== '') refuse('/subject', 'must be left out: a text message has none');
  if (channel === 'email' && subject.trim() === '') refuse('/subject', 'must not be empty');
  if (subject.length > LONGEST_SUBJECT) refuse('/subject', `must have at most ${LONGEST_SUBJECT} characters`);
  // A line break would begin a header of its own.
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(subject))
    refuse('/subject', 'must be one line without control characters');
  if (text.trim() === '')
    refuse('/text', 'must not be empty: delete the template to have the built-in words');
  if (text.length > LONGEST_TEXT[channel]) {
    refuse('/text', `must have at most ${LONGEST_TEXT[channel]} characters`);
  }
  if (/[^\P{Cc}\n]|[\p{Zl}\p{Zp}]/u.test(text))
    refuse('/text', 'must have no control characters but line feeds');
  const allowed = variablesOf(message);
  const list = allowed.map((name) => `{{${name}}}`).join(', ');
  for (const [pointer, said] of [
    ['/subject', subject],
    ['/text', text],
  ] as const) {
    const stray = strayBraces(said);
    if (stray !== undefined) refuse(pointer, `has "${stray}", which is no variable; there are ${list}`);
    const address = addressWith(said);
    if (address !== undefined)
      refuse(pointer, `has "${address}": code and link stand alone, and are no part of an address`);
    if (DIRECTIONS.test(said)) refuse(pointer, 'must not turn the direction of other characters');
    const unknown = namesIn(said).filter((name) => !allowed.some((one) => one === name));
    if (unknown.length > 0) {
      refuse(pointer, `has ${unknown.map((name) => `{{${name}}}`).join(', ')}; this message has ${list}`);
    }
  }
  if (namesIn(subject).includes('OTP.Link'))
    refuse('/subject', 'must not have the link: it belongs into the text');
  // Two such lines would leave it to the telephone which host the code belongs to.
  if (channel === 'sms' && /^[^\S\n]*@\S+[^\S\n]+#/m.test(text)) {
    refuse('/text', 'must have no line "@host #code" of its own: it is added at the end');
  }
  const needed = neededIn(message);
  if (needed.length > 0 && !needed.some((name) => namesIn(text).includes(name))) {
    refuse('/text', `must have ${needed.map((name) => `{{${name}}}`).join(' or ')}: people wait for it`);
  }
  return issues;
}
