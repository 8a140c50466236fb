import { domainToASCII, domainToUnicode } from 'node:url';
import { LRUCache } from 'lru-cache';

export type IdentifierType = 'email' | 'mobile' | 'uid' | 'external';

export type Email = {
  /** As typed, in NFC. */
  local: string;
  /** Lower-case A-labels, as DNS and SMTP know the domain. */
  domain: string;
};

// RFC 5321 §4.5.3.1: a local part of 64, an @, and a domain of 255 octets.
const MAX_IDENTIFIER_LENGTH = 320;
const MAX_LOCAL_OCTETS = 64;
const MAX_DOMAIN_LENGTH = 253;

// Controls, invisible format characters, line separators, and what has no UTF-8 form.
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
// Kelvin sign, Greek question mark, Greek varia: NFC turns them into ASCII, so they would pass for it.
const ASCII_IN_DISGUISE = /[\u212a\u037e\u1fef]/;

// RFC 5321 §4.1.2 Dot-string, with the letters of RFC 6531. Quoted local parts and comments are refused.
const ATOM = /^(?:[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]|[\p{L}\p{M}\p{N}])+$/u;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const ASCII = /^[\x20-\x7e]*$/;
const E164 = /^\+[1-9][0-9]{6,14}$/;

/**
 * The one form under which an identifier is stored, looked up and compared in a pool. It depends on the shape
 * of the text only, so that a person who types a user name equal to somebody's address gets that address.
 * Nothing is trimmed. Visually similar characters stay different: no compatibility mapping, no accents removed.
 * @param options.caseInsensitive the pool's setting; domains are always compared without case.
 * @returns undefined for a text that no identifier can have.
 */
export function canonicalIdentifier(
  value: string,
  { caseInsensitive }: { caseInsensitive: boolean },
): string | undefined {
  const text = normalizeIdentifier(value);
  if (text === undefined) return undefined;
  const fold = caseInsensitive ? foldCase : (part: string) => part;
  const email = parseEmail(text);
  return email === undefined ? fold(text) : `${fold(email.local)}@${email.domain}`;
}

/**
 * Reads an e-mail address: one unquoted `@`, a dot-atom before it, a host name after it.
 * @returns undefined for anything else, which includes several addresses, comments, display names, quoted
 *   local parts and address literals. Takes linear time.
 */
export function parseEmail(value: string): Email | undefined {
  const text = normalizeIdentifier(value);
  if (text === undefined) return undefined;
  const at = text.indexOf('@');
  if (at < 1 || at !== text.lastIndexOf('@')) return undefined;
  const local = text.slice(0, at);
  if (Buffer.byteLength(local) > MAX_LOCAL_OCTETS) return undefined;
  if (!local.split('.').every((atom) => ATOM.test(atom))) return undefined;
  const domain = parseDomain(text.slice(at + 1));
  return domain === undefined ? undefined : { local, domain };
}

/** Reads a telephone number in E.164 form, `+` and 7 to 15 digits. Nothing is removed or guessed. */
export function parseMobile(value: string): string | undefined {
  return E164.test(value) ? value : undefined;
}

/**
 * Whether a value may become an identifier of this type.
 * @returns undefined when it may; else a sentence that says what to change, without the value.
 */
export function validateIdentifier(type: IdentifierType, value: string): string | undefined {
  if (type === 'email') {
    return parseEmail(value) ? undefined : 'must be one plain e-mail address, like ann@example.com';
  }
  if (type === 'mobile') {
    return parseMobile(value)
      ? undefined
      : 'must be a telephone number in international form, like +48123456789';
  }
  if (normalizeIdentifier(value) === undefined) {
    return `must be 1 to ${MAX_IDENTIFIER_LENGTH} characters, without control or invisible ones`;
  }
  return value === value.trim() ? undefined : 'must not begin or end with a space';
}

function normalizeIdentifier(value: string): string | undefined {
  if (value.length === 0 || value.length > MAX_IDENTIFIER_LENGTH) return undefined;
  if (FORBIDDEN.test(value) || ASCII_IN_DISGUISE.test(value)) return undefined;
  const text = value.normalize('NFC');
  return text.length > MAX_IDENTIFIER_LENGTH ? undefined : text;
}

// The people of a file live at few domains, and reading one costs more than all the rest of an address.
const readDomains = new LRUCache<string, { readonly domain: string | undefined }>({ max: 1_000 });

function parseDomain(typed: string): string | undefined {
  if (typed.length > MAX_DOMAIN_LENGTH) return undefined;
  const known = readDomains.get(typed);
  if (known !== undefined) return known.domain;
  const domain = readDomain(typed);
  readDomains.set(typed, { domain });
  return domain;
}

/**
 * UTS #46 also maps look-alikes (fullwidth letters, long s, other full stops, percent escapes, numbers read as
 * IPv4) onto plain names. Only a name that is its own A-label or U-label is taken.
 */
function readDomain(typed: string): string | undefined {
  const ascii = domainToASCII(typed);
  if (ascii === '' || ascii.length > MAX_DOMAIN_LENGTH) return undefined;
  const labels = ascii.split('.');
  const unicodeLabels = domainToUnicode(ascii).split('.');
  const typedLabels = foldCase(typed).split('.');
  if (typedLabels.length !== labels.length) return undefined;
  const own = typedLabels.every((label, i) => label === labels[i] || label === unicodeLabels[i]);
  const numeric = /^[0-9]+$/.test(labels.at(-1) ?? '');
  const decodes = labels.every((label, i) => !label.startsWith('xn--') || label !== unicodeLabels[i]);
  return own && decodes && !numeric && labels.every((label) => LABEL.test(label)) ? ascii : undefined;
}

/** Lower case, letter by letter; a letter whose lower case is several letters, or a plain one, stays as it is. */
function foldCase(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  let folded = '';
  for (const letter of text) {
    const lower = letter.toLowerCase();
    const single = lower.length === String.fromCodePoint(lower.codePointAt(0)!).length;
    const becomesAscii = letter > '\u007f' && lower <= '\u007f';
    folded += single && !becomesAscii ? lower : letter;
  }
  return folded.normalize('NFC');
}
