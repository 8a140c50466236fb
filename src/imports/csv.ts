import { JsonRefused, parseStrictJson } from '../strict_json.ts';
import { isOpaqueId } from '../tenants/slug.ts';

/** Says why a line of a CSV file cannot be read, in words that follow "the line". */
export class CsvRefused extends Error {
  override readonly name = 'CsvRefused';
}

/** Reads the header of a CSV file; what it gives turns each line after it into a person's document. */
export function readCsvHeader(bytes: Uint8Array): (line: Uint8Array) => unknown {
  const names = fieldsOf(bytes).map((name) => name.trim());
  if (new Set(names).size !== names.length) throw new CsvRefused('names the same column twice');
  refuseNestedColumns(names);
  const columns = names.map(columnOf);
  return (line) => {
    const fields = fieldsOf(line);
    if (fields.length !== columns.length) {
      throw new CsvRefused(`has ${fields.length} fields where the header has ${columns.length}`);
    }
    const person: Person = { identifiers: [], verifiable_addresses: [] };
    const cells = new Map(names.map((name, index) => [name, fields[index] as string]));
    for (const [index, put] of columns.entries()) {
      const text = fields[index] as string;
      // An empty cell says nothing.
      if (text !== '') put(person, text, cells);
    }
    return person;
  };
}

type Person = Record<string, unknown> & { identifiers: unknown[]; verifiable_addresses: unknown[] };
type Column = (person: Person, text: string, cells: ReadonlyMap<string, string>) => void;

const set =
  (key: string): Column =>
  (person, text) => {
    person[key] = text;
  };

const address =
  (type: 'email' | 'mobile'): Column =>
  (person, text, cells) => {
    person.identifiers.push({ type, identifier: text });
    const verified = booleanOf(cells.get(`${type}_verified`) ?? 'false', `${type}_verified`);
    person.verifiable_addresses.push({ type, address: text, verified });
  };

const identifier =
  (type: 'uid' | 'external'): Column =>
  (person, text) => {
    person.identifiers.push({ type, identifier: text });
  };

const credential = (person: Person, type: 'password' | 'totp'): Record<string, unknown> => {
  const credentials = (person.credentials ??= []) as Record<string, unknown>[];
  const known = credentials.find((entry) => entry.type === type);
  if (known !== undefined) return known;
  const made = { type, payload: {} };
  credentials.push(made);
  return made;
};

const ignored: Column = () => {};

const COLUMNS: Readonly<Record<string, Column>> = {
  id: set('id'),
  sub: set('sub'),
  status: set('status'),
  created_at: set('created_at'),
  email: address('email'),
  email_verified: ignored,
  mobile: address('mobile'),
  mobile_verified: ignored,
  uid: identifier('uid'),
  external: identifier('external'),
  password_hash: (person, text) => {
    credential(person, 'password').payload = { hashed_password: text };
  },
  password_state: (person, text) => {
    credential(person, 'password').state = text;
  },
  password_expires_at: (person, text) => {
    credential(person, 'password').expires_at = text;
  },
  totp_secret: (person, text) => {
    credential(person, 'totp').payload = { secret: text };
  },
};

const DATA = /^(payload|metadata|business_metadata)\.([^:]+)(?::(text|number|boolean|json))?$/;

/** What one column fills as a whole, another cannot fill a part of. */
function refuseNestedColumns(names: readonly string[]): void {
  const places = new Set(names.map((name) => name.replace(/:\w+$/, '')));
  for (const place of places) {
    for (let dot = place.lastIndexOf('.'); dot > 0; dot = place.lastIndexOf('.', dot - 1)) {
      if (!places.has(place.slice(0, dot))) continue;
      throw new CsvRefused(`names a column inside another one: ${place.slice(0, 64)}`);
    }
  }
}

function columnOf(name: string): Column {
  if (Object.hasOwn(COLUMNS, name)) return COLUMNS[name] as Column;
  const [, document, path, type = 'text'] = DATA.exec(name) ?? [];
  if (document === undefined || path === undefined) {
    throw new CsvRefused(`names a column that is not known: ${name.slice(0, 64)}`);
  }
  const steps = path.split('.');
  if (!steps.every(isOpaqueId))
    throw new CsvRefused(`names a column that is not known: ${name.slice(0, 64)}`);
  return (person, text) => {
    let at = (person[document] ??= {}) as Record<string, unknown>;
    for (const step of steps.slice(0, -1)) at = (at[step] ??= {}) as Record<string, unknown>;
    at[steps.at(-1) as string] = READ[type as keyof typeof READ](text, name);
  };
}

const READ = {
  text: (text: string) => text,
  number(text: string, name: string) {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) throw new CsvRefused(`has no number in ${name}`);
    return value;
  },
  boolean: booleanOf,
  json(text: string, name: string) {
    try {
      return parseStrictJson(Buffer.from(text));
    } catch (error) {
      if (!(error instanceof JsonRefused)) throw error;
      throw new CsvRefused(`has JSON in ${name} that is refused: ${error.message}`);
    }
  },
};

function booleanOf(text: string, name: string): boolean {
  const word = text.toLowerCase();
  if (word === 'true' || word === '1' || word === 'yes') return true;
  if (word === 'false' || word === '0' || word === 'no' || word === '') return false;
  throw new CsvRefused(`must have true or false in ${name}`);
}

/** The fields of one record (RFC 4180). */
function fieldsOf(bytes: Uint8Array): string[] {
  const text = decode(bytes);
  const fields: string[] = [];
  let at = 0;
  while (at <= text.length) {
    if (text[at] !== '"') {
      const end = endOfPlain(text, at);
      fields.push(text.slice(at, end));
      at = end + 1;
      continue;
    }
    const [value, end] = quoted(text, at + 1);
    fields.push(value);
    if (end < text.length && text[end] !== ',') throw new CsvRefused('has text behind a closing quote');
    at = end + 1;
  }
  return fields;
}

function endOfPlain(text: string, from: number): number {
  const comma = text.indexOf(',', from);
  const end = comma === -1 ? text.length : comma;
  if (text.slice(from, end).includes('"')) throw new CsvRefused('has a quote inside an unquoted field');
  return end;
}

function quoted(text: string, from: number): [value: string, end: number] {
  let value = '';
  for (let at = from; ;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) throw new CsvRefused('has a quote that is not closed');
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') return [value, quote + 1];
    value += '"';
    at = quote + 2;
  }
}

function decode(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CsvRefused('is not valid UTF-8');
  }
  if (text.includes('\0')) throw new CsvRefused('has a NUL character');
  return text;
}
