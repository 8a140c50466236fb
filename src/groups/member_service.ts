import type { Database } from '../db/connection.ts';
import { violatedForeignKey } from '../db/errors.ts';
import type { Page } from '../db/keyset.ts';
import { cursorGone, notFound } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import type { ListedUser, UserScope } from '../users/user.ts';
import type { Group, GroupFilter, GroupScope } from './group.ts';
import { listGroupsOfUser, readUserListStart } from './group_list_store.ts';
import { findGroup } from './group_store.ts';
import * as store from './member_store.ts';

export type GroupMemberService = ReturnType<typeof createGroupMemberService>;

/** Who is in which group of a pool (contract 5.12). Throws `DomainError`. */
export function createGroupMemberService({ db }: { db: Database }) {
  return {
    /** Puts a person of the pool into a group. Twice is as good as once. */
    async add(scope: store.MemberScope, by: Actor): Promise<void> {
      try {
        if (await store.insertMember(db.knex, scope, by)) return;
      } catch (error) {
        // One of the two was deleted between the look and the insertion.
        if (violatedForeignKey(error) === undefined) throw error;
      }
      throw notFound('Group or user');
    },

    async remove(scope: store.MemberScope, by: Actor): Promise<void> {
      if (!(await store.deleteMember(db.knex, scope, by))) throw notFound('Membership');
    },

    /** Does nothing when the person is in the group or, with `nested`, in one below it; 404 otherwise. */
    async require(scope: store.MemberScope, options: { readonly nested: boolean }): Promise<void> {
      if (!(await store.isMember(db.knex, scope, options))) throw notFound('Membership');
    },

    /** A page of the people in a group, by user id; with `nested`, of those below it as well. */
    async list(scope: GroupScope, options: { readonly nested: boolean }, page: Page): Promise<ListedUser[]> {
      if ((await findGroup(db.knex, scope)) === undefined) throw notFound('Group');
      return store.listMembers(db.knex, scope, options, page);
    },

    /** A page of the groups that a person is in, by name; `withParents` adds those above them. */
    async groupsOf(
      scope: UserScope,
      wanted: GroupFilter & { readonly withParents: boolean },
      page: Page,
    ): Promise<Group[]> {
      const cursor = page.after ?? page.before;
      const start = await readUserListStart(db.knex, scope, cursor);
      if (!start.user) throw notFound('User');
      if (cursor !== undefined && start.cursorName === null) {
        throw cursorGone('group');
      }
      return listGroupsOfUser(db.knex, scope, wanted, page, start.cursorName);
    },
  };
}
