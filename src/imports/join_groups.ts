import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { SYSTEM_ACTOR } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { foldName, MAX_LEVELS } from '../groups/group.ts';
import { lockTree } from '../groups/group_store.ts';
import type { PoolScope } from '../pools/pool.ts';
import { addGroups, addMembers, groupsAt, type NewGroup } from './group_path_store.ts';
import type { GroupPath } from './import.ts';

// Of one batch, which holds the pool while it makes them.
const MAX_NEW_GROUPS = 1_000;

/** A batch names more missing groups than it may make. */
export class TooManyGroups extends Error {
  override readonly name = 'TooManyGroups';
}

/** A person who was just written, and a group that they are to be in. */
export type Joining = { readonly userId: string; readonly path: GroupPath };

/**
 * Puts people into groups by the names that lead there, in the transaction that wrote them. Groups that are missing
 * are made, so that what one server exported another one takes: they carry no rights until somebody gives them some.
 * Throws `TooManyGroups`.
 */
export async function joinGroups(
  tx: Knex.Transaction,
  scope: PoolScope,
  joining: readonly Joining[],
): Promise<void> {
  if (joining.length === 0) return;
  // Nothing moves meanwhile: what is on a level stays there.
  await lockTree(tx, scope, 'share');
  let reached = joining.map(({ userId, path }) => ({ userId, path, groupId: '' }));
  let made = 0;
  const members: { userId: string; groupId: string }[] = [];
  for (let level = 0; level < MAX_LEVELS && reached.length > 0; level += 1) {
    const steps = reached.map((one) => ({ ...one, name: one.path[level] ?? '' }));
    const { idOf, added } = await groupsOnLevel(
      tx,
      scope,
      steps.map(({ groupId, name }) => ({ parentId: groupId, name })),
      MAX_NEW_GROUPS - made,
    );
    made += added;
    const here = steps.map(({ userId, path, groupId, name }) => {
      return { userId, path, groupId: idOf(groupId, name) };
    });
    members.push(...here.filter(({ path }) => path.length === level + 1));
    reached = here.filter(({ path }) => path.length > level + 1);
  }
  await addMembers(tx, scope, members);
}

type Wanted = { readonly parentId: string; readonly name: string };

/** The ids of groups by parent and name, those that had to be made included. */
async function groupsOnLevel(
  tx: Knex.Transaction,
  scope: PoolScope,
  wanted: readonly Wanted[],
  mostNew: number,
): Promise<{ idOf: (parentId: string, name: string) => string; added: number }> {
  const keyOf = (parentId: string, nameKey: string) => `${parentId}/${nameKey}`;
  const places = new Map<string, NewGroup>();
  for (const { parentId, name } of wanted) {
    const nameKey = foldName(name);
    const key = keyOf(parentId, nameKey);
    if (!places.has(key)) places.set(key, { id: randomUUID(), parentId, name, nameKey });
  }
  const known = new Map<string, string>();
  const look = async (these: readonly NewGroup[]) => {
    for (const found of await groupsAt(tx, scope, these)) {
      known.set(keyOf(found.parentId, found.nameKey), found.id);
    }
  };
  await look([...places.values()]);
  const missing = [...places].filter(([key]) => !known.has(key)).map(([, group]) => group);
  if (missing.length > mostNew) throw new TooManyGroups();
  if (missing.length > 0) {
    const made = await addGroups(tx, scope, missing);
    // Whatever is not ours now, somebody else has made at the same moment.
    await look(missing);
    for (const group of missing.filter(({ id }) => made.has(id))) await recordMade(tx, scope, group);
  }
  const idOf = (parentId: string, name: string) => {
    const id = known.get(keyOf(parentId, foldName(name)));
    if (id === undefined) throw new Error('a group vanished while it was held');
    return id;
  };
  return { idOf, added: missing.length };
}

const recordMade = (
  tx: Knex.Transaction,
  scope: PoolScope,
  { id, name, parentId }: NewGroup,
): Promise<void> =>
  recordAudit(tx, scope, SYSTEM_ACTOR, {
    subject: 'group',
    action: 'created',
    affected: { poolId: scope.poolId, groupId: id },
    payload: { id, name, ...(parentId !== '' && { parent_id: parentId }), imported: true },
  });
