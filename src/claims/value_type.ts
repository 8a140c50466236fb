export const VALUE_TYPES = [
  'number',
  'string',
  'bool',
  'object',
  'number_array',
  'string_array',
  'bool_array',
  'object_array',
  'any',
] as const;

/** What a value of the authentication context is (contract 1.2). */
export type ValueType = (typeof VALUE_TYPES)[number];

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const OF_ONE = {
  number: (value) => typeof value === 'number',
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  object: isObject,
} satisfies Record<string, (value: unknown) => boolean>;

/** Whether a value is of a type. Nothing is of no type: `null` and `undefined` are missing values. */
export function isOfType(value: unknown, type: ValueType): boolean {
  if (value === undefined || value === null) return false;
  if (type === 'any') return true;
  const many = type.endsWith('_array');
  const isOne = OF_ONE[(many ? type.slice(0, -'_array'.length) : type) as keyof typeof OF_ONE];
  return many ? Array.isArray(value) && value.every(isOne) : isOne(value);
}

/** Whether what is declared as one type can ever be of the other. */
export const typesAgree = (one: ValueType, other: ValueType): boolean =>
  one === other || one === 'any' || other === 'any';
