/**
 * The text form of stored hashes: `$name$parameters$salt$digest`, base64 without padding
 * (github.com/P-H-C/phc-string-format). What other programs write differently is brought into this form once, when
 * it is imported.
 */
export type Phc = {
  readonly parameters: ReadonlyMap<string, string>;
  readonly salt: Buffer;
  readonly digest: Buffer;
};

// Far above any salt or digest, far below what a text column or a request would mind.
const MAX_PART_CHARS = 700;

/** Reads such a text; undefined for anything else, base64 that is not its own canonical form included. */
export function readPhc(name: string, stored: string): Phc | undefined {
  const parts = stored.split('$');
  const [before, own, list = '', saltText = '', digestText = ''] = parts;
  if (before !== '' || own !== name || parts.length !== 5) return undefined;
  const parameters = new Map<string, string>();
  for (const item of list.split(',')) {
    const [, key, value] = /^([a-z]{1,8})=([A-Za-z0-9+/-]{1,200})$/.exec(item) ?? [];
    if (key === undefined || value === undefined || parameters.has(key)) return undefined;
    parameters.set(key, value);
  }
  const [salt, digest] = [decode(saltText), decode(digestText)];
  return salt === undefined || digest === undefined ? undefined : { parameters, salt, digest };
}

/** Writes one. Parameters keep the order they are given in. */
export function writePhc(
  name: string,
  parameters: Readonly<Record<string, string | number>>,
  salt: Buffer,
  digest: Buffer,
): string {
  const list = Object.entries(parameters).map(([key, value]) => `${key}=${value}`);
  return `$${name}$${list.join(',')}$${encode(salt)}$${encode(digest)}`;
}

/** A whole number among the parameters, within its bounds; undefined when it is absent or anything else. */
export function numberIn(
  { parameters }: Phc,
  key: string,
  { least, most }: { least: number; most: number },
): number | undefined {
  const text = parameters.get(key) ?? '';
  if (!/^[1-9][0-9]{0,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

/** Base64 without padding. */
export const encode = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

function decode(text: string): Buffer | undefined {
  if (text.length > MAX_PART_CHARS) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return encode(bytes) === text ? bytes : undefined;
}
