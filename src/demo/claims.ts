/** One line of a table of claims. */
export type ClaimRow = {
  readonly name: string;
  readonly value: string;
  /** The value in words, where it is a time. */
  readonly time?: string | undefined;
  readonly meaning?: string | undefined;
};

type Meanings = Readonly<Record<string, string>>;

/** What each claim says, for people who see their first token; a name is a name. */
const MEANINGS: Meanings = {
  sub: 'Who, in every workspace',
  iss: 'Who says so',
  aud: 'To whom: this application',
  exp: 'Not to be believed after',
  iat: 'Said at',
  nbf: 'Not to be believed before',
  auth_time: 'Proved who they are',
  amr: 'How they proved it',
  acr: 'How sure that makes us',
  nonce: 'Ties it to this one sign-in',
  at_hash: 'Ties it to the access token',
  sid: 'The session at the issuer',
  jti: 'The number of this token',
  azp: 'Who asked for it',
  client_id: 'Who asked for it',
  scope: 'What it opens',
  tid: 'The tenant',
  aid: 'The workspace',
  tenant_id: 'The tenant',
  server_id: 'The workspace',
  idp: 'The connection they used',
  idp_method: 'What lies behind it',
  email_verified: 'The address is confirmed',
  phone_number_verified: 'The number is confirmed',
  updated_at: 'Details last changed',
  groups: 'Groups the person belongs to',
};

/** Who it is about comes first, then what is known of them, then the small print. */
const FIRST = ['sub', 'name', 'given_name', 'family_name', 'email', 'email_verified'];
const TIMES: ReadonlySet<string> = new Set(['exp', 'iat', 'nbf', 'auth_time', 'updated_at']);

/** Claims as lines to read; times count seconds since 1970 (RFC 7519 §2). */
export function claimRows(claims: Readonly<Record<string, unknown>>, now: number): ClaimRow[] {
  const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return Object.entries(claims)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .map(([name, value]) => ({
      name,
      value: textOf(value),
      time: TIMES.has(name) && typeof value === 'number' ? timeText(value, now) : undefined,
      meaning: Object.hasOwn(MEANINGS, name) ? MEANINGS[name] : undefined,
    }));
}

/** Header and claims of a JWT, or undefined when it is none. Checks nothing: for showing, not for believing. */
export function decodeJwt(
  token: string,
): { header: Record<string, unknown>; claims: Record<string, unknown> } | undefined {
  const [header, claims, ...rest] = token.split('.');
  if (header === undefined || claims === undefined || rest.length !== 1) return undefined;
  try {
    return { header: decodePart(header), claims: decodePart(claims) };
  } catch {
    return undefined;
  }
}

function decodePart(part: string): Record<string, unknown> {
  const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
  if (typeof value !== 'object' || value === null) throw new TypeError('not an object');
  return value as Record<string, unknown>;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(textOf).join(', ');
  return JSON.stringify(value);
}

const DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' });
const DISTANCE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** `22 November 2026 at 16:36:05 UTC, in 59 minutes`; both in seconds since 1970. */
export function timeText(seconds: number, now: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return 'no time';
  return `${DATE.format(date)} UTC, ${distanceText(seconds - now)}`;
}

/** `in 59 minutes`, `2 hours ago`, `now`. */
export function distanceText(seconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? (['second', 1] as const);
  return DISTANCE.format(Math.trunc(seconds / size), unit);
}

/** The first and last characters: enough to tell two values apart, too little to use one. */
export function shortened(secret: string): string {
  return secret.length < 16 ? '…' : `${secret.slice(0, 6)} … ${secret.slice(-4)}`;
}
