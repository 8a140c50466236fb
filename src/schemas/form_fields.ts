import type { FreeMap } from '../free_map.ts';
import { isObject, type JsonSchema } from './json_schema.ts';

/** A field of a form that people fill in, made from a property of a schema (contract 5.4, 6.6). */
export type FormField = {
  /** The property. */
  readonly name: string;
  readonly kind: 'text' | 'number' | 'checkbox' | 'choice' | 'choices' | 'list';
  readonly label: string;
  readonly hint: string | undefined;
  readonly required: boolean;
  /** Of a choice, or of one that may be several. */
  readonly options: readonly string[];
  /** Characters of text. */
  readonly minLength: number | undefined;
  readonly maxLength: number | undefined;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly wholeNumber: boolean;
  /** A list whose entries are numbers. */
  readonly ofNumbers: boolean;
};

/**
 * The properties at the top of a schema that a form can ask for, in the order of the schema. Objects, and lists of
 * anything but text and numbers, are left out: nobody can fill them in one by one. So is what is `hidden` (contract
 * 1.6). Expects a schema without references.
 */
export function formFields(schema: JsonSchema): FormField[] {
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  const required = new Set(Array.isArray(schema.required) ? (schema.required as string[]) : []);
  return properties.flatMap(([name, property]): FormField[] => {
    const isShown = isObject(property) && property.hidden !== true;
    const field = isShown ? fieldFor(name, property, required.has(name)) : undefined;
    return field === undefined ? [] : [field];
  });
}

/**
 * What was filled in, as a document of the schema. Empty fields are left out, so that a required one is missed;
 * text that is no number stays text, so that the schema says what is wrong.
 */
export function documentFrom(
  fields: readonly FormField[],
  read: (name: string) => string | undefined,
): FreeMap {
  const entries = fields.flatMap((field): [string, unknown][] => {
    const text = read(field.name) ?? '';
    if (field.kind === 'checkbox') return [[field.name, text !== '']];
    const given = entriesOf(field, text, read);
    if (given !== undefined) return given.length === 0 ? [] : [[field.name, given]];
    if (text === '') return [];
    return [[field.name, field.kind === 'number' ? numberFrom(text) : text]];
  });
  return Object.fromEntries(entries);
}

/** What a field shows of a stored value; nothing of what no field can hold. */
export const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

/** The name of one option's own checkbox, because a form sends no field twice. */
export const optionName = (property: string, index: number): string => `${property}.${index}`;

const MAX_ENTRIES = 100;

/** The entries of a list: what is checked, or one in each line. Undefined for a field that is none. */
function entriesOf(
  { name, kind, options, ofNumbers }: FormField,
  text: string,
  read: (name: string) => string | undefined,
): unknown[] | undefined {
  if (kind === 'choices') return options.filter((_, index) => (read(optionName(name, index)) ?? '') !== '');
  if (kind !== 'list') return undefined;
  const lines = text.split(/\r?\n/, MAX_ENTRIES).map((line) => line.trim());
  const filled = lines.filter((line) => line !== '');
  return ofNumbers ? filled.map(numberFrom) : filled;
}

function numberFrom(text: string): number | string {
  const number = Number(text.trim().replace(',', '.'));
  return text.trim() !== '' && Number.isFinite(number) ? number : text;
}

function fieldFor(name: string, property: JsonSchema, required: boolean): FormField | undefined {
  const kind = kindOf(property);
  if (kind === undefined) return undefined;
  const title = textOf(property.title);
  const description = textOf(property.description);
  return {
    name,
    kind,
    label: title ?? description ?? name,
    hint: title === undefined ? undefined : description,
    required,
    options: optionsOf(kind === 'choices' ? entrySchema(property) : property),
    minLength: numberOf(property.minLength),
    maxLength: numberOf(property.maxLength),
    minimum: numberOf(property.minimum),
    maximum: numberOf(property.maximum),
    wholeNumber: property.type === 'integer',
    ofNumbers: kind === 'list' && kindOf(entrySchema(property)) === 'number',
  };
}

function kindOf(property: JsonSchema): FormField['kind'] | undefined {
  const { type, enum: options } = property;
  if (Array.isArray(options)) return 'choice';
  if (type === 'array') {
    const ofEntries = kindOf(entrySchema(property));
    if (ofEntries === 'choice') return 'choices';
    return ofEntries === 'text' || ofEntries === 'number' ? 'list' : undefined;
  }
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'boolean') return 'checkbox';
  return type === 'string' || type === undefined ? 'text' : undefined;
}

const entrySchema = ({ items }: JsonSchema): JsonSchema => (isObject(items) ? items : {});

const optionsOf = ({ enum: options }: JsonSchema): readonly string[] =>
  Array.isArray(options) ? (options as string[]) : [];

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined;

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
