/** A name in a mail is shown up to this many characters, in a text up to the second (T-803). */
const LONGEST_IN_MAIL = 64;
const LONGEST_IN_SMS = 30;

/**
 * A name that somebody chose, fit for a subject or a sentence: one line, no control or direction characters,
 * bounded, and never an address that a mail program would turn into a link of its own.
 */
export function plainName(name: string, channel: 'email' | 'sms'): string {
  const longest = channel === 'sms' ? LONGEST_IN_SMS : LONGEST_IN_MAIL;
  const oneLine = name
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/:\/\/|\bwww\./giu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim();
  const characters = Array.from(oneLine);
  return characters.length <= longest
    ? oneLine
    : `${characters
        .slice(0, longest - 1)
        .join('')
        .trimEnd()}…`;
}
