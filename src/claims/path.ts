import { isOnEveryObject } from '../tenants/slug.ts';

/** Everything, or the top of everything. */
export const ROOT = '.';

export type Document = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 8;
const SEGMENT = /^[^\s.\p{Cc}]{1,64}$/u;

/** What `isPath` asks for, in words that follow the name of a field. */
export const PATH_RULE = `must be names joined by dots, at most ${MAX_DEPTH}, and none that every object has`;

/** Whether it may be a path into a document: `.`, or names joined by dots that no object inherits (rule 12). */
export function isPath(path: string): boolean {
  if (path === ROOT) return true;
  const names = path.split('.');
  return names.length <= MAX_DEPTH && names.every((name) => SEGMENT.test(name) && !isOnEveryObject(name));
}

/** Whether one path is the other, or leads through it. */
export const leadsThrough = (path: string, place: string): boolean =>
  path === place || path.startsWith(`${place}.`);

/** What is at a path; `undefined` where nothing is. Only own properties count. */
export function valueAt(document: unknown, path: string): unknown {
  if (path === ROOT) return document;
  let value = document;
  for (const name of path.split('.')) {
    if (!isDocument(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** A document with a value at a path, made anew along it: nothing that was given is changed. */
export function withValueAt(document: Document, path: string, value: unknown): Document {
  const [name = '', ...rest] = path.split('.');
  const below = Object.hasOwn(document, name) ? document[name] : undefined;
  const next = rest.length === 0 ? value : withValueAt(isDocument(below) ? below : {}, rest.join('.'), value);
  return merged(document, { [name]: next });
}

/** The same document without what is at a path. */
export function withoutValueAt(document: Document, path: string): Document {
  const [name = '', ...rest] = path.split('.');
  if (!Object.hasOwn(document, name)) return document;
  const below = document[name];
  if (rest.length > 0) {
    return isDocument(below) ? merged(document, { [name]: withoutValueAt(below, rest.join('.')) }) : document;
  }
  return Object.fromEntries(Object.entries(document).filter(([key]) => key !== name));
}

/** One level of two documents as one, the second's names before the first's; never what every object has. */
export function merged(one: Document, other: Document): Document {
  return Object.fromEntries(
    [...Object.entries(one), ...Object.entries(other)].filter(([key]) => !isOnEveryObject(key)),
  );
}

export const isDocument = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
