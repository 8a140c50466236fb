/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema, and never a function here */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomainError, type Issue } from '../../src/domain_error.ts';
import type { FreeMap } from '../../src/free_map.ts';
import { BUILT_IN_SCHEMAS, builtInSchema } from '../../src/schemas/built_in.ts';
import { checkableIssues } from '../../src/schemas/checkable.ts';
import { compile } from '../../src/schemas/compiler.ts';
import { hideHidden } from '../../src/schemas/hidden.ts';
import { forIncomplete } from '../../src/schemas/incomplete.ts';
import type { JsonSchema } from '../../src/schemas/json_schema.ts';
import { compilePattern } from '../../src/schemas/patterns.ts';
import { readSchema } from '../../src/schemas/schema.ts';
import { loadValidator, type Validator } from '../../src/schemas/validator.ts';

const read = (document: unknown) => readSchema({ name: 'Test', document });
const inlinedOf = (document: JsonSchema): JsonSchema => read(document).inlined;

async function compiled(document: JsonSchema): Promise<Validator> {
  const outcome = await compile({ document, patterns: [] });
  if ('issues' in outcome) throw new Error(JSON.stringify(outcome.issues));
  return loadValidator(outcome.code);
}
/** The validators of a schema, made as the domain makes them. */
async function validatorsOf(document: JsonSchema): Promise<{ complete: Validator; incomplete: Validator }> {
  const inlined = inlinedOf(document);
  return { complete: await compiled(inlined), incomplete: await compiled(forIncomplete(inlined)) };
}
const object = (rest: object): JsonSchema => ({ type: 'object', ...rest });
const pointers = (issues: readonly Issue[]): string[] => issues.map((issue) => issue.pointer).toSorted();

describe('a schema', () => {
  it.each<[string, JsonSchema, unknown[], unknown[]]>([
    ['type', { type: 'integer' }, [0, 5], [1.5, '1', null]],
    ['minLength', { minLength: 2 }, ['ab', '😀😀', 7], ['a', '😀']],
    ['maxLength', { maxLength: 1 }, ['', '😀'], ['ab']],
    ['pattern', { pattern: 'b+' }, ['abc', 5], ['ac']],
    ['an escape of JavaScript', { pattern: '^\\u00e9/\\d$' }, ['é/5'], ['e/5', 'é/5\n']],
    ['minimum and maximum', { minimum: 1, maximum: 3 }, [1, 3, 'x'], [0, 4]],
    ['exclusive limits', { exclusiveMinimum: 1, exclusiveMaximum: 3 }, [2], [1, 3]],
    ['multipleOf', { multipleOf: 3 }, [0, 9], [4]],
    ['enum', { enum: ['a', 'b'] }, ['a'], ['c', 1]],
    ['const', { const: 'a' }, ['a'], ['b']],
    ['items', { items: { type: 'string' } }, [['a'], [], 'x'], [[1]]],
    ['contains', { contains: { const: 'a' }, maxContains: 1 }, [['a', 'b']], [['b'], ['a', 'a']]],
    ['minItems and maxItems', { minItems: 1, maxItems: 2 }, [[1], [1, 2]], [[], [1, 2, 3]]],
    ['uniqueItems', { uniqueItems: true }, [[1, 2]], [[{ a: 1 }, { a: 1 }]]],
    ['required', { required: ['toString'] }, [{ toString: 1 }], [{}]],
    ['additionalProperties', { properties: { a: {} }, additionalProperties: false }, [{ a: 1 }], [{ b: 1 }]],
    ['propertyNames', { propertyNames: { pattern: '^[a-z]+$' } }, [{ ab: 1 }], [{ A: 1 }]],
    ['patternProperties', { patternProperties: { '^n_': { type: 'number' } } }, [{ n_a: 1 }], [{ n_a: '' }]],
    ['dependentRequired', { dependentRequired: { a: ['b'] } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]],
    ['dependentSchemas', { dependentSchemas: { a: { maxProperties: 1 } } }, [{ a: 1 }], [{ a: 1, b: 1 }]],
    ['minProperties', { minProperties: 1 }, [{ a: 1 }], [{}]],
    ['allOf', { allOf: [{ minLength: 1 }, { maxLength: 1 }] }, ['a'], ['', 'ab']],
    ['anyOf', { anyOf: [{ const: 'a' }, { const: 'b' }] }, ['a', 'b'], ['c']],
    ['oneOf', { oneOf: [{ minLength: 1 }, { maxLength: 1 }] }, ['', 'ab'], ['a']],
    ['not', { not: { type: 'string' } }, [1], ['a']],
    ['if', { if: { type: 'string' }, then: { minLength: 1 }, else: { minimum: 1 } }, ['a', 1], ['', 0]],
    ['no keyword of another type', { type: 'boolean', minLength: 5, minItems: 3 }, [true], ['abcdef']],
  ])('holds values to %s', async (_, schema, right, wrong) => {
    const validate = await compiled(inlinedOf(object({ properties: { 'e/mail': schema } })));
    for (const value of right) expect(validate({ 'e/mail': value })).toEqual([]);
    for (const value of wrong) {
      const issues = validate({ 'e/mail': value });
      expect(issues.length, JSON.stringify(value)).toBeGreaterThan(0);
      for (const { pointer, message } of issues) {
        expect(pointer).toMatch(/^\/e~1mail/);
        expect(message).toMatch(/^(must|is) /);
      }
    }
  });

  it('may have names that break out of careless code', async () => {
    const name = `'"\\\u2028\n\`\${1}*/`;
    const validate = await compiled(
      inlinedOf(object({ properties: { [name]: { const: name } }, required: [name] })),
    );
    expect(validate({ [name]: name })).toEqual([]);
    expect(validate({ [name]: 'x' })).toHaveLength(1);
    expect(validate({})).toHaveLength(1);
  });

  it('may refer to its own parts', async () => {
    const document = object({
      $defs: {
        place: object({ description: 'A place', properties: { zip: { $ref: '#/$defs/zip~1code' } } }),
        'zip/code': { pattern: '^\\d+$' },
      },
      properties: {
        home: { $ref: '#/$defs/place', description: 'Home' },
        work: { $ref: '#/$defs/place', required: ['zip'] },
        also: { $ref: '#/properties/home' },
      },
    });
    const inlined = inlinedOf(document);
    expect(JSON.stringify(inlined)).not.toMatch(/\$ref|\$defs/);
    expect(inlined).toMatchObject({
      properties: { home: { description: 'Home' }, also: { description: 'Home' } },
    });
    const validate = await compiled(inlined);
    const bad = { home: { zip: 'x' }, work: {}, also: { zip: 'y' } };
    expect(pointers(validate(bad))).toEqual(['/also/zip', '/home/zip', '/work/zip']);
  });

  it('refuses doubling by counting, not by building', () => {
    const levels = Array.from({ length: 200 }, (_, level) => [
      `l${level}`,
      level === 199 ? {} : { allOf: Array.from({ length: 10 }, () => ({ $ref: `#/$defs/l${level + 1}` })) },
    ]);
    const document = object({ $defs: Object.fromEntries(levels), properties: { a: { $ref: '#/$defs/l0' } } });
    expect(() => read(document)).toThrow(DomainError);
  });

  it('as anything at all is either read or refused in words', () => {
    const keyword = fc.constantFrom(
      'type',
      'properties',
      'items',
      'required',
      'enum',
      '$ref',
      '$defs',
      'allOf',
      'not',
      'pattern',
      'hidden',
      'x',
    );
    const { schema } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('object', 'string', '#', '#/properties/a', 1, true, null),
        tie('schema'),
        fc.array(tie('value'), { maxLength: 3 }),
      ),
      schema: fc.dictionary(fc.oneof(keyword, fc.constantFrom('a', 'constructor')), tie('value'), {
        maxKeys: 4,
      }),
    }));
    fc.assert(
      fc.property(schema, (document) => {
        try {
          expect(JSON.stringify(read({ ...(document as object), type: 'object' }).inlined)).not.toContain(
            '$ref',
          );
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
          expect((error as DomainError).issues?.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

const NAME = fc.constantFrom('a', 'b', 'toString', "it's");
/** Schemas of every keyword there is, a few at a time. */
const anySchema = (depth: number): fc.Arbitrary<object> => {
  if (depth === 0) return fc.constantFrom({}, { type: 'string' }, { $ref: '#/$defs/d' });
  const inner = anySchema(depth - 1);
  const named = fc.dictionary(NAME, inner, { maxKeys: 2 });
  const some = fc.array(inner, { minLength: 1, maxLength: 2 });
  const pattern = fc.constantFrom('^a', 'b$', '.*');
  const count = fc.integer({ min: 0, max: 3 });
  const names = fc.uniqueArray(NAME, { maxLength: 2 });
  const keywords: Record<string, fc.Arbitrary<unknown>> = {
    type: fc.constantFrom('object', 'array', 'string', 'number'),
    properties: named,
    patternProperties: fc.dictionary(pattern, inner, { maxKeys: 2 }),
    propertyNames: inner,
    additionalProperties: fc.boolean(),
    required: names,
    dependentRequired: fc.dictionary(NAME, names, { maxKeys: 2 }),
    dependentSchemas: named,
    minProperties: count,
    items: inner,
    contains: inner,
    minContains: count,
    maxContains: count,
    uniqueItems: fc.boolean(),
    minLength: count,
    pattern,
    minimum: count,
    enum: fc.array(NAME, { minLength: 1, maxLength: 2 }),
    const: NAME,
    allOf: some,
    anyOf: some,
    oneOf: some,
    not: inner,
    if: inner,
    then: inner,
    else: inner,
    hidden: fc.boolean(),
    $ref: fc.constantFrom('#/$defs/d', '#/$defs/e'),
  };
  return fc
    .subarray(Object.keys(keywords), { maxLength: 5 })
    .chain((chosen) =>
      fc.record(
        Object.fromEntries(chosen.map((keyword) => [keyword, keywords[keyword] as fc.Arbitrary<unknown>])),
      ),
    );
};
const $defs = { d: { type: 'string', minLength: 1 }, e: { properties: { a: { $ref: '#/$defs/d' } } } };
const anyData = fc.dictionary(NAME, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }) as fc.Arbitrary<FreeMap>;

describe('any schema that is taken', () => {
  it('works, takes in an incomplete document all that it takes in a complete one, and hides no more than there is', async () => {
    let whole = 0;
    await fc.assert(
      fc.asyncProperty(
        anySchema(3),
        fc.array(anyData, { minLength: 10, maxLength: 10 }),
        async (schema, documents) => {
          const document = object({ ...schema, type: 'object', $defs });
          const { complete, incomplete } = await validatorsOf(document);
          for (const data of documents) {
            const shown = hideHidden(inlinedOf(document), data);
            expect(Object.keys(data)).toEqual(expect.arrayContaining(Object.keys(shown)));
            if (complete(data).length > 0) continue;
            whole += 1;
            expect(incomplete(data)).toEqual([]);
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(whole).toBeGreaterThan(0);
  });

  it('works at its limits', async () => {
    const nested = (keyword: string, levels: number): object => {
      const others = Array.from({ length: 14 }, (_, index) => ({ minProperties: index + 2 }));
      return levels === 0 ? { required: ['a'] } : { [keyword]: [...others, nested(keyword, levels - 1)] };
    };
    for (const keyword of ['anyOf', 'oneOf']) {
      const { complete, incomplete } = await validatorsOf(object(nested(keyword, 13)));
      expect([complete({ a: 1 }), incomplete({})]).toEqual([[], []]);
      expect(complete({})).not.toEqual([]);
    }
    const many = Array.from({ length: 1_500 }, (_, index) => [`p${index}`, { minLength: 2 }]);
    const { complete } = await validatorsOf(object({ properties: Object.fromEntries(many) }));
    expect(pointers(complete({ p0: 'x', p1499: 'x' }))).toEqual(['/p0', '/p1499']);
  });

  it('works where parts of it speak of the same properties', async () => {
    const overlapping = {
      patternProperties: { '^a': {} },
      allOf: [{ patternProperties: { '.*': {} } }, { additionalProperties: false }],
    };
    const validate = await compiled(inlinedOf(object({ properties: { x: overlapping } })));
    expect(validate({ x: {} })).toEqual([]);
    expect(pointers(validate({ x: { a: 1 } }))).toEqual(['/x/a']);
  });
});

describe('the built-in schemas', () => {
  const name = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 3 }),
    fc.constantFrom('x'.repeat(256), 'x'.repeat(257), 1, null),
  );
  const payload = fc.dictionary(
    fc.constantFrom('name', 'given_name', 'family_name', 'other', 'toString'),
    name,
  );

  it.each(BUILT_IN_SCHEMAS.map(({ id }) => id))('%s checks what its document says', async (id) => {
    const schema = builtInSchema(id);
    if (schema === undefined) throw new Error('there is none');
    const { complete, incomplete } = await validatorsOf(schema.document);
    fc.assert(
      fc.property(payload, (document) => {
        const where = (issues: readonly Issue[]) => [...new Set(pointers(issues))];
        expect(where(schema.check(document, { complete: true }))).toEqual(where(complete(document)));
        expect(where(schema.check(document, { complete: false }))).toEqual(where(incomplete(document)));
      }),
    );
  });
});

describe('an incomplete document', () => {
  const document = object({
    properties: {
      home: object({ properties: { street: { type: 'string' } }, required: ['street'], minProperties: 1 }),
      tags: {
        type: 'array',
        items: object({ required: ['id'], properties: { id: { type: 'integer' } } }),
        minItems: 1,
      },
      kind: { type: 'string' },
    },
    required: ['home', 'tags'],
    dependentRequired: { kind: ['tags'] },
    oneOf: [{ required: ['kind'] }, { properties: { kind: { const: 'plain' } }, required: ['tags'] }],
    not: { required: ['banned'] },
  });

  it('may lack what is required at every depth, and has nothing wrong in it', async () => {
    const { incomplete } = await validatorsOf(document);
    for (const right of [{}, { home: {} }, { tags: [{}] }, { kind: 'x' }])
      expect(incomplete(right)).toEqual([]);
    expect(pointers(incomplete({ home: { street: 5 } }))).toEqual(['/home/street']);
    expect(pointers(incomplete({ tags: [] }))).toEqual(['/tags']);
    expect(pointers(incomplete({ tags: [{ id: 'x' }] }))).toEqual(['/tags/0/id']);
    expect(incomplete({ banned: 1 })).toHaveLength(1);
  });

  it('is everything that a complete one is', async () => {
    const { complete, incomplete } = await validatorsOf(document);
    const some = fc.record(
      {
        home: fc.record({ street: fc.constantFrom('Elm', 5) }, { requiredKeys: [] }),
        tags: fc.array(fc.record({ id: fc.constantFrom(1, 'x') }, { requiredKeys: [] }), { maxLength: 2 }),
        kind: fc.constantFrom('plain', 'other'),
        banned: fc.constant(true),
      },
      { requiredKeys: [] },
    );
    let wholeOnes = 0;
    fc.assert(
      fc.property(some, (data) => {
        if (complete(data).length > 0) return;
        wholeOnes += 1;
        expect(incomplete(data)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
    expect(wholeOnes).toBeGreaterThan(0);
  });
});

describe('hidden properties', () => {
  const hidden = { hidden: true };
  it.each<[string, JsonSchema, FreeMap, FreeMap]>([
    ['none', { properties: { a: {} } }, { a: 1, b: 2 }, { a: 1, b: 2 }],
    ['one', { properties: { a: hidden } }, { a: 1, b: 2 }, { b: 2 }],
    [
      'inside another',
      { properties: { a: object({ properties: { b: hidden } }) } },
      { a: { b: 1, c: 2 } },
      { a: { c: 2 } },
    ],
    [
      'in a list',
      { properties: { a: { items: { properties: { b: hidden } } } } },
      { a: [{ b: 1 }, { c: 2 }] },
      { a: [{}, { c: 2 }] },
    ],
    ['by pattern', { patternProperties: { '^secret_': hidden } }, { secret_a: 1, b: 2 }, { b: 2 }],
    ['by reference', { $defs: { s: hidden }, properties: { a: { $ref: '#/$defs/s' } } }, { a: 1 }, {}],
    ['in an alternative', { anyOf: [{ properties: { a: hidden } }, {}] }, { a: 1, b: 2 }, { b: 2 }],
    ['in a condition', { if: { required: ['a'] }, then: { properties: { b: hidden } } }, { b: 2 }, {}],
    ['all', hidden, { a: 1 }, {}],
    ['unless it says no', { properties: { a: { hidden: false } } }, { a: 1 }, { a: 1 }],
  ])('%s', (_, rest, data, shown) => {
    expect(hideHidden(inlinedOf(object(rest)), data)).toEqual(shown);
  });
});

describe('a pattern', () => {
  it('takes no more than its share of a request', async () => {
    const pattern = '^(a?){200}b?c';
    const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
    const validate = await compiled(
      inlinedOf(object({ properties: Object.fromEntries(names.map((name) => [name, { pattern }])) })),
    );
    const long = Object.fromEntries(names.map((name) => [name, 'a'.repeat(3_000)]));
    expect(validate(long)).toEqual([{ pointer: '', message: 'is too long for the patterns of its schema' }]);
    // The next document has its own share.
    expect(validate({ p0: 'aaac' })).toEqual([]);
  });

  it('is what JavaScript means by it, where RE2 takes it', () => {
    const part = fc.constantFrom(
      'a',
      'b',
      '.',
      '[ab]',
      '[^a]',
      '\\d',
      '\\w',
      '(a|b)',
      '(?:ab)',
      '(?:a{2})',
      '^',
      '$',
      '\\.',
      '/',
    );
    const source = fc
      .array(fc.tuple(part, fc.constantFrom('', '*', '+', '?')), { maxLength: 6 })
      .map((parts) =>
        parts.map(([text, times]) => (/[$^]/.test(text) && text.length === 1 ? text : text + times)).join(''),
      );
    fc.assert(
      fc.property(
        source,
        fc.string({ unit: fc.constantFrom('a', 'b', '1', '.', '/', ' '), maxLength: 8 }),
        (pattern, text) => {
          expect(compilePattern(pattern).test(text)).toBe(new RegExp(pattern, 'u').test(text));
        },
      ),
    );
  });
});

it('a document that is too much work for its schema is refused unseen', () => {
  const properties = Object.fromEntries(Array.from({ length: 1_900 }, (_, index) => [`p${index}`, {}]));
  const large = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`p${index}`, 'x']));
  expect(checkableIssues(object({ properties }), large)).toHaveLength(1);
  expect(checkableIssues(object({ properties }), { p1: 'x' })).toEqual([]);
  expect(checkableIssues(object({}), large)).toEqual([]);
});

it('compilations wait their turn, and a bad one leaves the next one alone', async () => {
  const bad = { document: object({}), patterns: [{ pointer: '/p', pattern: '(' }] };
  const outcomes = await Promise.all([bad, { document: object({}), patterns: [] }, bad].map(compile));
  expect(outcomes.map((outcome) => 'code' in outcome)).toEqual([false, true, false]);
});
