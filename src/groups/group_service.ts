import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { violatedForeignKey, violatedUniqueConstraint } from '../db/errors.ts';
import type { Page } from '../db/keyset.ts';
import { inTransaction } from '../db/transaction.ts';
import {
  conflict,
  cursorGone,
  type DomainError,
  type ExpectedVersion,
  invalid,
  notFound,
  requireVersion,
} from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { refuseWhereRequired } from '../access/required_groups_store.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { PoolScope } from '../pools/pool.ts';
import { lockPool } from '../pools/pool_store.ts';
import { checkGroup, MAX_LEVELS, type Group, type GroupScope, type GroupSettings } from './group.ts';
import * as store from './group_store.ts';
import { type GroupsWanted, listGroups, readListStart } from './group_list_store.ts';

export type NewGroupInput = GroupSettings & { readonly id?: string | undefined };

export type GroupService = ReturnType<typeof createGroupService>;

/** The tree of groups of a pool (contract 1.12, 5.12). Throws `DomainError`. */
export function createGroupService({ db }: { db: Database }) {
  return {
    async create(scope: PoolScope, input: NewGroupInput, by: Actor): Promise<Group> {
      const settings = checkGroup(input);
      const group = { ...scope, groupId: input.id ?? randomUUID() };
      return inTransaction(db, async (tx) => {
        if ((await lockPool(tx, scope, 'share')) === undefined) throw notFound('Pool');
        await store.lockTree(tx, scope, 'share');
        await checkPlace(tx, group, settings.parentId, 1);
        await writing(() => store.insertGroup(tx, group, settings));
        await audit(tx, group, 'created', by, settings);
        return {
          ...settings,
          tenantId: scope.tenantId,
          poolId: scope.poolId,
          id: group.groupId,
          rowVersion: 1,
        };
      });
    },

    async get(scope: GroupScope): Promise<Group> {
      return (await store.findGroup(db.knex, scope)) ?? absent();
    },

    /** A page of the pool's groups: the top level, the children of one, or all that is below. */
    async list(scope: PoolScope, wanted: GroupsWanted, page: Page): Promise<Group[]> {
      const cursor = page.after ?? page.before;
      const start = await readListStart(db.knex, scope, { parentId: wanted.parentId, cursor });
      if (!start.pool) throw notFound('Pool');
      if (wanted.parentId !== undefined && !start.parent) absent();
      if (cursor !== undefined && start.cursorName === null) throw cursorGone('group');
      return listGroups(db.knex, scope, wanted, page, start.cursorName);
    },

    /** Replaces what a group says, its place in the tree included; everything below it moves along. */
    async update(
      scope: GroupScope,
      input: GroupSettings,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<Group> {
      const settings = checkGroup(input);
      return inTransaction(db, async (tx) => {
        // Before the row: whoever moves holds the tree first, so that no two wait for each other.
        await store.lockTree(tx, scope, 'exclusive');
        const current = (await store.lockGroup(tx, scope, 'update')) ?? absent();
        requireVersion(expected, current);
        if (settings.parentId !== null && settings.parentId !== current.parentId) {
          await checkPlace(tx, scope, settings.parentId, await store.heightOf(tx, scope));
        }
        await writing(() => store.updateGroup(tx, scope, settings));
        await audit(tx, scope, 'updated', by, settings);
        return { ...current, ...settings, rowVersion: current.rowVersion + 1 };
      });
    },

    /**
     * Removes a group with everything below it and all memberships; nobody loses more than that. Refused while
     * access to something requires one of them.
     */
    async remove(scope: GroupScope, by: Actor, expected?: ExpectedVersion): Promise<void> {
      await inTransaction(db, async (tx) => {
        const current = (await store.lockGroup(tx, scope, 'delete')) ?? absent();
        requireVersion(expected, current);
        const gone = await store.deleteGroup(tx, scope);
        await refuseWhereRequired(tx, scope);
        await audit(tx, scope, 'deleted', by, current, { sub_groups: gone - 1 });
      });
    },
  };
}

/** Refuses (422) a parent that is not in the pool, is the group itself or below it, or is too deep for it. */
async function checkPlace(
  tx: Knex.Transaction,
  scope: GroupScope,
  parentId: string | null,
  height: number,
): Promise<void> {
  if (parentId === null) return;
  const path = await store.pathToTop(tx, { ...scope, groupId: parentId });
  if (path.length === 0) throw noSuchParent();
  if (path.includes(scope.groupId)) {
    throw invalid('/parent_id', 'must not be the group itself or one below it', 'group_cycle');
  }
  if (path.length + height > MAX_LEVELS) {
    throw invalid('/parent_id', `would make the tree deeper than ${MAX_LEVELS} levels`, 'group_too_deep');
  }
}

async function writing(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const constraint = violatedUniqueConstraint(error);
    if (constraint === 'groups_pkey') throw conflict('There is a group with this id already', 'id_taken');
    if (constraint === 'groups_name_unique') {
      throw conflict('There is a group with this name in the same place already', 'name_taken');
    }
    // Deleted since it was looked up.
    if (violatedForeignKey(error) !== undefined) throw noSuchParent();
    throw error;
  }
}

const noSuchParent = (): DomainError => invalid('/parent_id', 'there is no such group in this pool');

const audit = (
  tx: Knex.Transaction,
  scope: GroupScope,
  action: 'created' | 'updated' | 'deleted',
  by: Actor,
  { name, parentId }: GroupSettings,
  details: Readonly<Record<string, unknown>> = {},
): Promise<void> =>
  recordAudit(tx, scope, by, {
    subject: 'group',
    action,
    affected: { poolId: scope.poolId, groupId: scope.groupId },
    payload: { id: scope.groupId, name, ...(parentId === null ? {} : { parent_id: parentId }), ...details },
  });

function absent(): never {
  throw notFound('Group');
}
