import { isDeepStrictEqual } from 'node:util';
import { nameOf, type Current, type Found } from './current.ts';
import type { Body } from './kind.ts';
import { KINDS } from './kinds/index.ts';

/** A value that differs; undefined on the side where there is none. */
export type ChangedField = { readonly pointer: string; readonly before?: unknown; readonly after?: unknown };

export type Change = {
  readonly action: 'create' | 'change' | 'delete';
  readonly object: Found;
  /** Of a change: what differs, in the order of the file. */
  readonly fields: readonly ChangedField[];
};

/**
 * What happened between two readings of a tenant, in the order of the kinds, then of names. What an object always has
 * comes and goes with it unsaid. `secrets` names, by `nameOf`, fields whose secret was replaced.
 */
export function changesBetween(
  before: Current,
  after: Current,
  secrets: ReadonlyMap<string, readonly string[]> = new Map(),
): Change[] {
  const created = sorted(after).filter((object) => object.kind.create && !before.has(nameOf(object)));
  const deleted = sorted(before).filter((object) => object.kind.remove && !after.has(nameOf(object)));
  return [
    ...created.map((object): Change => ({ action: 'create', object, fields: [] })),
    ...sorted(after).flatMap((object): Change[] => {
      const name = nameOf(object);
      const earlier = before.get(name);
      if (earlier === undefined) return [];
      const replaced = (secrets.get(name) ?? []).map((field) => ({ pointer: `/${field}` }));
      const fields = [...changedFields(earlier.body, object.body), ...replaced];
      return fields.length === 0 ? [] : [{ action: 'change', object, fields }];
    }),
    ...deleted.toReversed().map((object): Change => ({ action: 'delete', object, fields: [] })),
  ];
}

/** Objects in the order of the kinds, then of names. */
export const sorted = (current: Current): Found[] =>
  [...current.values()].sort(
    (a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (nameOf(a) < nameOf(b) ? -1 : 1),
  );

/** The values that differ, as deep as both sides are of one shape; lists of plain values as a whole. */
export function changedFields(before: unknown, after: unknown, pointer = ''): ChangedField[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isContainer(before) || !isContainer(after) || Array.isArray(before) !== Array.isArray(after)) {
    return [{ pointer, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
  }
  if (
    Array.isArray(before) &&
    [...before, ...(after as unknown as unknown[])].every((one) => !isContainer(one))
  ) {
    return [{ pointer, before, after }];
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) =>
    changedFields(
      Object.hasOwn(before, name) ? before[name] : undefined,
      Object.hasOwn(after, name) ? after[name] : undefined,
      `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    ),
  );
}

const isContainer = (value: unknown): value is Body => typeof value === 'object' && value !== null;
