/** A JSON Schema as the OpenAPI document has it. */
export type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly readOnly?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
};

/** One line of a table of fields; `depth` says how far inside. */
export type Field = {
  readonly name: string;
  readonly depth: number;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
};

const MAX_DEPTH = 3;

/** The fields of a body, objects and arrays of objects opened; `named` gives what a `$ref` stands for. */
export function fieldsOf(schema: Schema | undefined, named: (ref: string) => Schema | undefined): Field[] {
  const open = (one: Schema | undefined): Schema | undefined =>
    one?.$ref === undefined ? one : named(one.$ref.split('/').at(-1) ?? '');
  const visit = (one: Schema | undefined, depth: number): Field[] => {
    const whole = open(one);
    const inside = open(whole?.items) ?? whole;
    if (inside?.properties === undefined || depth > MAX_DEPTH) return [];
    return Object.entries(inside.properties).flatMap(([name, property]) => {
      const target = open(property) ?? property;
      if (target.readOnly === true) return [];
      const field: Field = {
        name,
        depth,
        type: typeOf(target, open),
        required: inside.required?.includes(name) === true,
        description: [target.description, limitsOf(target)].filter(Boolean).join('; '),
      };
      return [field, ...visit(target, depth + 1)];
    });
  };
  return visit(schema, 0);
}

/** What kind of value it is, in a few words. */
export function typeOf(
  schema: Schema | undefined,
  open: (one: Schema | undefined) => Schema | undefined,
): string {
  const target = open(schema);
  if (target === undefined) return 'anything';
  if (target.enum !== undefined) return target.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (target.anyOf !== undefined) return target.anyOf.map((one) => typeOf(one, open)).join(' | ');
  if (target.type === 'array') return `array of ${typeOf(target.items, open)}`;
  if (target.type === undefined) return 'anything';
  const name = typeof target.type === 'string' ? target.type : target.type.join(' | ');
  return target.format === undefined ? name : `${name} (${target.format})`;
}

function limitsOf({ minLength, maxLength, minimum, maximum, maxItems }: Schema): string {
  const range = (least: number | undefined, most: number | undefined, unit: string) => {
    if (least !== undefined && most !== undefined) return `${least} to ${most}${unit}`;
    if (most !== undefined) return `at most ${most}${unit}`;
    return least === undefined ? '' : `at least ${least}${unit}`;
  };
  return [
    range(minLength, maxLength, ' characters'),
    range(minimum, maximum, ''),
    range(undefined, maxItems, ' entries'),
  ]
    .filter((text) => text !== '')
    .join('; ');
}
