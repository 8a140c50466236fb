import { inBothApis } from '../../both_apis.ts';
import { pageOf } from '../../paging.ts';
import { ofPool } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerGroup, presentGroup } from './present.ts';
import {
  GroupBody,
  GroupResponse,
  GroupsQuery,
  GroupsResponse,
  NewGroupBody,
  toGroupInput,
  toGroupSettings,
} from './schema.ts';

const tag = 'groups';
const read = ofPool('read_identity_pool_groups');
const manage = ofPool('manage_identity_pool_groups');

export const groupRoutes = inBothApis(({ base, needs, name }) => {
  const groups = `${base}/pools/{ipID}/groups` as const;
  return [
    route({
      method: 'get',
      path: groups,
      operationId: name('ListGroups'),
      summary: 'The groups of a pool by name: the top level, what is below one, or the whole tree',
      tag,
      requires: needs(read),
      query: GroupsQuery,
      answers: { status: 200, schema: GroupsResponse },
      refuses: [404],
      handler: async ({ params, query, domain }) => {
        const page = pageOf(query, query.after_group_id, query.before_group_id);
        const wanted = {
          parentId: query.parent_id,
          nested: query.with_nested_groups ?? false,
          name: query.query?.name,
        };
        const scope = { tenantId: params.tid, poolId: params.ipID };
        return { body: (await domain.groups.list(scope, wanted, page)).map(presentGroup) };
      },
    }),
    route({
      method: 'post',
      path: groups,
      operationId: name('CreateGroup'),
      summary: 'Create a group, at the top or below another',
      tag,
      requires: needs(manage),
      body: NewGroupBody,
      answers: { status: 201, schema: GroupResponse },
      refuses: [404, 409, 422],
      handler: async ({ params, body, by, domain }) => {
        const scope = { tenantId: params.tid, poolId: params.ipID };
        return answerGroup(await domain.groups.create(scope, toGroupInput(body), by));
      },
    }),
    route({
      method: 'get',
      path: `${groups}/{groupID}`,
      operationId: name('GetGroup'),
      summary: 'One group',
      tag,
      requires: needs(read),
      answers: { status: 200, schema: GroupResponse },
      refuses: [404],
      handler: async ({ params, domain }) => answerGroup(await domain.groups.get(scopeOf(params))),
    }),
    route({
      method: 'put',
      path: `${groups}/{groupID}`,
      operationId: name('UpdateGroup'),
      summary: 'Replace what a group says; another parent_id moves it with everything below',
      tag,
      requires: needs(manage),
      body: GroupBody,
      answers: { status: 200, schema: GroupResponse },
      refuses: [404, 409, 412, 422],
      handler: async ({ params, body, by, expected, domain }) =>
        answerGroup(await domain.groups.update(scopeOf(params), toGroupSettings(body), by, expected)),
    }),
    route({
      method: 'delete',
      path: `${groups}/{groupID}`,
      operationId: name('DeleteGroup'),
      summary: 'Delete a group with those below it and all memberships; the people stay',
      tag,
      requires: needs(manage),
      answers: { status: 204 },
      refuses: [404, 409, 412],
      handler: async ({ params, by, expected, domain }) => {
        await domain.groups.remove(scopeOf(params), by, expected);
        return {};
      },
    }),
  ];
});

type GroupParams = { readonly tid: string; readonly ipID: string; readonly groupID: string };

const scopeOf = (params: GroupParams) => ({
  tenantId: params.tid,
  poolId: params.ipID,
  groupId: params.groupID,
});
