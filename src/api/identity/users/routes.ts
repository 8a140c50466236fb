import { pageOf } from '../../paging.ts';
import { ofPool, ofUser } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerUser, presentListedUser } from './present.ts';
import {
  NewUserPayload,
  toNewUser,
  toUserChange,
  UpdateUser,
  UsersQuery,
  UsersResponse,
  UserWithData,
} from './schema.ts';

const tag = 'users';
const USERS = '/api/identity/{tid}/admin/pools/{ipID}/users';

export const userRoutes = [
  route({
    method: 'get',
    path: USERS,
    operationId: 'ListUsers',
    summary: 'The people of a pool',
    tag,
    requires: ofPool('read_identity_pool_users'),
    query: UsersQuery,
    answers: { status: 200, schema: UsersResponse },
    refuses: [404],
    handler: async ({ params, query, domain }) => {
      const page = pageOf(query, query.after_user_id, query.before_user_id);
      const { user_key: userKey, payload, metadata } = query.query ?? {};
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const users = await domain.users.list(scope, { userKey, payload, metadata }, page);
      return { body: { users: users.map(presentListedUser) } };
    },
  }),
  route({
    method: 'post',
    path: USERS,
    operationId: 'CreateUser',
    summary: 'Create a person, with a password or to be invited',
    tag,
    requires: ofPool('manage_identity_pool_users'),
    body: NewUserPayload,
    answers: { status: 201, schema: UserWithData },
    refuses: [404, 409, 503],
    handler: async ({ params, body, by, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      return answerUser(await domain.users.create(scope, toNewUser(body), by));
    },
  }),
  route({
    method: 'get',
    path: `${USERS}/{userID}`,
    operationId: 'GetUser',
    summary: 'One person with identifiers, addresses and masked credentials',
    tag,
    requires: ofUser('read_identity_pool_users'),
    answers: { status: 200, schema: UserWithData },
    refuses: [404],
    handler: async ({ params, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      return answerUser(await domain.users.get(scope));
    },
  }),
  route({
    method: 'put',
    path: `${USERS}/{userID}`,
    operationId: 'UpdateUser',
    summary: 'Change status or data; keys that are left out stay',
    tag,
    requires: ofUser('manage_identity_pool_users'),
    body: UpdateUser,
    answers: { status: 200, schema: UserWithData },
    refuses: [404, 409, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      return answerUser(await domain.users.update(scope, toUserChange(body), by, expected));
    },
  }),
  route({
    method: 'delete',
    path: `${USERS}/{userID}`,
    operationId: 'DeleteUser',
    summary: 'Remove a person for good; the id is never given to anyone else',
    tag,
    requires: ofUser('manage_identity_pool_users'),
    answers: { status: 204 },
    refuses: [404, 409, 412],
    handler: async ({ params, by, expected, domain }) => {
      await domain.users.remove(
        { tenantId: params.tid, poolId: params.ipID, userId: params.userID },
        by,
        expected,
      );
      return {};
    },
  }),
];
