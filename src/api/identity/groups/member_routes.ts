import { inBothApis } from '../../both_apis.ts';
import { pageOf } from '../../paging.ts';
import { ofPool, ofUser } from '../../requirement.ts';
import { route } from '../../route.ts';
import { presentListedUser } from '../users/present.ts';
import { UsersResponse } from '../users/schema.ts';
import { presentGroup } from './present.ts';
import { GroupsOfUserQuery, GroupsResponse, MembersQuery, NestedQuery } from './schema.ts';

const tag = 'groups';

export const groupMemberRoutes = inBothApis(({ base, needs, name }) => {
  const members = `${base}/pools/{ipID}/groups/{groupID}/users` as const;
  const groupsOfUser = `${base}/pools/{ipID}/users/{userID}/groups` as const;
  return [
    route({
      method: 'get',
      path: members,
      operationId: name('ListUsersInGroup'),
      summary: 'The people in a group, by id',
      tag,
      requires: needs(ofPool('read_identity_pool_groups')),
      query: MembersQuery,
      answers: { status: 200, schema: UsersResponse },
      refuses: [404],
      handler: async ({ params, query, domain }) => {
        const page = pageOf(query, query.after_user_id, query.before_user_id);
        const scope = { tenantId: params.tid, poolId: params.ipID, groupId: params.groupID };
        const nested = query.with_nested_groups ?? false;
        const users = await domain.groupMembers.list(scope, { nested }, page);
        return { body: { users: users.map(presentListedUser) } };
      },
    }),
    route({
      method: 'put',
      path: `${members}/{userID}`,
      operationId: name('AddUserToGroup'),
      summary: 'Put a person of the pool into a group; twice is as good as once',
      tag,
      // Of the person: groups decide in applications, so who may change an administrator decides that as well.
      requires: needs(ofUser('manage_identity_pool_groups')),
      answers: { status: 204 },
      refuses: [404],
      handler: async ({ params, by, domain }) => {
        await domain.groupMembers.add(scopeOf(params), by);
        return {};
      },
    }),
    route({
      method: 'delete',
      path: `${members}/{userID}`,
      operationId: name('RemoveUserFromGroup'),
      summary: 'Take a person out of a group',
      tag,
      requires: needs(ofUser('manage_identity_pool_groups')),
      answers: { status: 204 },
      refuses: [404],
      handler: async ({ params, by, domain }) => {
        await domain.groupMembers.remove(scopeOf(params), by);
        return {};
      },
    }),
    route({
      method: 'get',
      path: groupsOfUser,
      operationId: name('ListUserGroups'),
      summary: 'The groups that a person is in, by name',
      tag,
      requires: needs(ofUser('read_identity_pool_groups')),
      query: GroupsOfUserQuery,
      answers: { status: 200, schema: GroupsResponse },
      refuses: [404],
      handler: async ({ params, query, domain }) => {
        const page = pageOf(query, query.after_group_id, query.before_group_id);
        const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
        const wanted = { name: query.query?.name, withParents: query.with_parent_groups ?? false };
        return { body: (await domain.groupMembers.groupsOf(scope, wanted, page)).map(presentGroup) };
      },
    }),
    route({
      method: 'get',
      path: `${groupsOfUser}/{groupID}`,
      operationId: name('IsUserInGroup'),
      summary: 'Whether a person is in a group: 204, else 404',
      tag,
      requires: needs(ofUser('read_identity_pool_groups')),
      query: NestedQuery,
      answers: { status: 204 },
      refuses: [404],
      handler: async ({ params, query, domain }) => {
        await domain.groupMembers.require(scopeOf(params), { nested: query.with_nested_groups ?? false });
        return {};
      },
    }),
  ];
});

type MemberParams = {
  readonly tid: string;
  readonly ipID: string;
  readonly groupID: string;
  readonly userID: string;
};

const scopeOf = (params: MemberParams) => ({
  tenantId: params.tid,
  poolId: params.ipID,
  groupId: params.groupID,
  userId: params.userID,
});
