import { inPeople, nameOf, type Found } from '../configuration/current.ts';
import type { Change, ChangedField } from '../configuration/difference.ts';

const SIGN = { create: '+', change: '~', delete: '-' } as const;
// Longer values say that they differ; the files say how.
const MAX_CHARS = 120;

/** Changes as lines for people: each object, and below it each field that differs. */
export function changeLines(changes: readonly Change[]): string[] {
  return changes.flatMap(({ action, object, fields }) => [
    `${SIGN[action]} ${nameOf(object)}${action === 'delete' ? people(object) : ''}`,
    ...fields.map((field) => `    ${fieldLine(field)}`),
  ]);
}

/** What has no file, as lines that say so. */
export const extraLines = (extras: readonly Found[]): string[] =>
  extras.map((found) => `- ${nameOf(found)}${people(found)}: has no file; apply --prune deletes it`);

/** What an apply without `--prune` says of them. */
export const leftLine = ({ length }: readonly Found[]): string =>
  length === 1
    ? '1 object has no file and stays; --prune deletes it.'
    : `${length} objects have no file and stay; --prune deletes them.`;

/** `2 to create, 1 to change, 0 to delete`. */
export function countLine(changes: readonly Change[], isRehearsal: boolean): string {
  if (changes.length === 0) return isRehearsal ? 'Nothing would change.' : 'Nothing to change.';
  const count = (action: Change['action']) => changes.filter((change) => change.action === action).length;
  const words = isRehearsal ? ['to create', 'to change', 'to delete'] : ['created', 'changed', 'deleted'];
  const counts = [count('create'), count('change'), count('delete')];
  return `${counts.map((number, at) => `${number} ${words[at]}`).join(', ')}.`;
}

const people = ({ people: count = 0 }: Found): string => (count === 0 ? '' : ` with ${inPeople(count)}`);

function fieldLine({ pointer, ...values }: ChangedField): string {
  if (!('before' in values) && !('after' in values)) return `${pointer}: another one`;
  return `${pointer}: ${shown(values.before)} -> ${shown(values.after)}`;
}

function shown(value: unknown): string {
  if (value === undefined) return '(none)';
  // Texts of others: nothing in them may steer a terminal.
  const text = JSON.stringify(value).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�');
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS)}...`;
}
