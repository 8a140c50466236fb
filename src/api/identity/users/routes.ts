import { inBothApis, SYSTEM_BASE } from '../../both_apis.ts';
import { pageOf } from '../../paging.ts';
import { ofPool, ofSystem, ofUser } from '../../requirement.ts';
import { route } from '../../route.ts';
import { GetUserByKey, toKnownName } from './parts_schema.ts';
import { answerUser, presentListedUser } from './present.ts';
import { UsersQuery } from './query.ts';
import {
  NewUser,
  NewUserPayload,
  toNewUser,
  toUserChange,
  UpdateUser,
  UsersResponse,
  UserWithData,
} from './schema.ts';

const tag = 'users';

export const userRoutes = [
  ...inBothApis(({ base, needs, name }) => [
    route({
      method: 'get',
      path: `${base}/pools/{ipID}/users`,
      operationId: name('ListUsers'),
      summary: 'The people of a pool',
      tag,
      requires: needs(ofPool('read_identity_pool_users')),
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
      path: `${base}/pools/{ipID}/users`,
      operationId: name('CreateUser'),
      summary: 'Create a person, with a password or to be invited',
      tag,
      requires: needs(ofPool('manage_identity_pool_users')),
      body: base === SYSTEM_BASE ? NewUser : NewUserPayload,
      answers: { status: 201, schema: UserWithData },
      refuses: [404, 409, 503],
      handler: async ({ params, body, by, domain }) => {
        const scope = { tenantId: params.tid, poolId: params.ipID };
        return answerUser(await domain.users.create(scope, toNewUser(body), by));
      },
    }),
    route({
      method: 'get',
      path: `${base}/pools/{ipID}/users/{userID}`,
      operationId: name('GetUser'),
      summary: 'One person with identifiers, addresses and masked credentials',
      tag,
      requires: needs(ofUser('read_identity_pool_users')),
      answers: { status: 200, schema: UserWithData },
      refuses: [404],
      handler: async ({ params, domain }) => {
        const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
        return answerUser(await domain.users.get(scope));
      },
    }),
    route({
      method: 'put',
      path: `${base}/pools/{ipID}/users/{userID}`,
      operationId: name('UpdateUser'),
      summary: 'Change status or data; keys that are left out stay',
      tag,
      requires: needs(ofUser('manage_identity_pool_users')),
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
      path: `${base}/pools/{ipID}/users/{userID}`,
      operationId: name('DeleteUser'),
      summary: 'Remove a person for good; the id is never given to anyone else',
      tag,
      requires: needs(ofUser('manage_identity_pool_users')),
      answers: { status: 204 },
      refuses: [404, 409, 412],
      handler: async ({ params, by, expected, domain }) => {
        const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
        await domain.users.remove(scope, by, expected);
        return {};
      },
    }),
  ]),
  route({
    method: 'post',
    path: `${SYSTEM_BASE}/pools/{ipID}/users/by_key`,
    operationId: 'SystemGetUserByKey',
    summary: 'The person with an identifier, or with a verified address',
    tag,
    requires: ofSystem('identity'),
    body: GetUserByKey,
    answers: { status: 200, schema: UserWithData },
    refuses: [404, 412],
    handler: async ({ params, body, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      return answerUser(await domain.users.getByKey(scope, toKnownName(body), expected));
    },
  }),
];
