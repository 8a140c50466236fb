import { ADMIN_BASE } from '../../both_apis.ts';
import { pageOf } from '../../paging.ts';
import { ofPool, ofUser } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerB2bUser, presentListedB2bUser } from '../users/present.ts';
import { B2bUsersQuery } from '../users/query.ts';
import { toNewUser, toUserChange } from '../users/schema.ts';
import { B2BUsers, BaseNewUserPayload, BaseUpdateUser, BaseUserWithData } from './schema.ts';

const tag = 'users of delegated administrators';
const USERS = `${ADMIN_BASE}/b2b/pools/{ipID}/users`;

/** The same people, seen more narrowly (contract 2.1). */
export const b2bUserRoutes = [
  route({
    method: 'get',
    path: USERS,
    operationId: 'ListUsersB2B',
    summary: 'The people of a pool, without metadata',
    tag,
    requires: ofPool('b2b_read_users'),
    query: B2bUsersQuery,
    answers: { status: 200, schema: B2BUsers },
    refuses: [404],
    handler: async ({ params, query, domain }) => {
      const page = pageOf(query, query.after_user_id, query.before_user_id);
      const { user_key: userKey, payload } = query.query ?? {};
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const users = await domain.users.list(scope, { userKey, payload }, page);
      return { body: { users: users.map(presentListedB2bUser) } };
    },
  }),
  route({
    method: 'post',
    path: USERS,
    operationId: 'CreateB2BUser',
    summary: 'Create a person; their metadata is set apart',
    tag,
    requires: ofPool('b2b_manage_users'),
    body: BaseNewUserPayload,
    answers: { status: 201, schema: BaseUserWithData },
    refuses: [404, 409, 503],
    handler: async ({ params, body, by, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      return answerB2bUser(await domain.users.create(scope, toNewUser(body), by));
    },
  }),
  route({
    method: 'get',
    path: `${USERS}/{userID}`,
    operationId: 'GetB2BUser',
    summary: 'One person, without metadata',
    tag,
    requires: ofUser('b2b_read_users'),
    answers: { status: 200, schema: BaseUserWithData },
    refuses: [404],
    handler: async ({ params, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      return answerB2bUser(await domain.users.get(scope));
    },
  }),
  route({
    method: 'put',
    path: `${USERS}/{userID}`,
    operationId: 'UpdateB2BUser',
    summary: 'Change status or payload; keys that are left out stay',
    tag,
    requires: ofUser('b2b_manage_users'),
    body: BaseUpdateUser,
    answers: { status: 200, schema: BaseUserWithData },
    refuses: [404, 409, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      return answerB2bUser(await domain.users.update(scope, toUserChange(body), by, expected));
    },
  }),
  route({
    method: 'delete',
    path: `${USERS}/{userID}`,
    operationId: 'DeleteB2BUser',
    summary: 'Remove a person for good; the id is never given to anyone else',
    tag,
    requires: ofUser('b2b_manage_users'),
    answers: { status: 204 },
    refuses: [404, 409, 412],
    handler: async ({ params, by, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      await domain.users.remove(scope, by, expected);
      return {};
    },
  }),
];
