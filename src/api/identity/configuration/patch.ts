import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { refuseAny, type Issue } from '../../../domain_error.ts';
import { applyPatch, type PatchOperation } from '../../../imports/json_patch.ts';
import { validateBody } from '../../validation.ts';
import { TenantDump } from './schema.ts';

type Dump = z.output<typeof TenantDump>;
type Row = Readonly<Record<string, unknown>>;
type Rows = Readonly<Record<string, readonly Row[]>>;

const PARTS = ['user_identifiers', 'user_verifiable_addresses', 'user_credentials'];
const LISTS = ['schemas', 'pools', 'users', ...PARTS, 'groups', 'group_members'];

/**
 * What a patch changes about a tenant's dump, as a dump of its own that an import takes: entries that are new or
 * different, people with all that is theirs. Throws `DomainError` and `HttpError` 422, also for whole entries that
 * the patch removes: they have operations of their own.
 */
export function changesOf(dump: object, operations: readonly PatchOperation[]): Dump {
  const before = rowsOf(JSON.parse(JSON.stringify(dump)));
  const patched = applyPatch(JSON.parse(JSON.stringify(dump)) as object, operations);
  validateBody(TenantDump, patched);
  const after = rowsOf(patched);
  refuseAny(removedEntries(before, after), 'patch_refused');

  const changed = Object.fromEntries(LISTS.map((list) => [list, changedRows(before, after, list)]));
  const touched = new Set(
    PARTS.flatMap((list) => [...changedRows(before, after, list), ...changedRows(after, before, list)]).map(
      ownerOf,
    ),
  );
  for (const user of changed['users'] ?? []) touched.add(personKey(user));
  const people = {
    users: (after['users'] ?? []).filter((user) => touched.has(personKey(user))),
    ...Object.fromEntries(
      PARTS.map((list) => [list, (after[list] ?? []).filter((row) => touched.has(ownerOf(row)))]),
    ),
  };
  return validateBody(TenantDump, { ...changed, ...people });
}

const rowsOf = (document: unknown): Rows => document as Rows;
const personKey = (user: Row): string => `${String(user['user_pool_id'])}/${String(user['id'])}`;
const ownerOf = (row: Row): string => `${String(row['user_pool_id'])}/${String(row['user_id'])}`;
const keyOf = (row: Row): string =>
  [row['user_pool_id'], row['group_id'], row['user_id'], row['id']].map(String).join('/');

function changedRows(before: Rows, after: Rows, list: string): Row[] {
  const known = new Map((before[list] ?? []).map((row) => [keyOf(row), row]));
  return (after[list] ?? []).filter((row) => !isDeepStrictEqual(known.get(keyOf(row)), row));
}

function removedEntries(before: Rows, after: Rows): Issue[] {
  return LISTS.filter((list) => !PARTS.includes(list)).flatMap((list) => {
    const left = new Set((after[list] ?? []).map(keyOf));
    return (before[list] ?? []).flatMap((row, at) =>
      left.has(keyOf(row))
        ? []
        : [{ pointer: `/${list}/${at}`, message: 'cannot be removed by a patch: delete it' }],
    );
  });
}
