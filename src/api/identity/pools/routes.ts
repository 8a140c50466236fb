import { forbidden } from '../../../domain_error.ts';
import { ADMIN_BASE, inBothApis } from '../../both_apis.ts';
import { DEFAULT_LIMIT, pageOf } from '../../paging.ts';
import { ofAnyRole, ofPool, ofTenant, ofWorkspace } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerPool, presentPool } from './present.ts';
import {
  cursorOf,
  PoolBody,
  PoolResponse,
  PoolsQuery,
  PoolsResponse,
  toPoolInput,
  UserPools,
  UserPoolsQuery,
  WithIdpQuery,
} from './schema.ts';

const tag = 'pools';

const sharedRoutes = inBothApis(({ base, needs, name }) => [
  route({
    method: 'get',
    path: `${base}/pools`,
    operationId: name('ListPools'),
    summary: 'All pools of the tenant',
    tag,
    requires: needs(ofTenant('list_identity_pools')),
    query: PoolsQuery,
    answers: { status: 200, schema: PoolsResponse },
    refuses: [],
    handler: async ({ params, query, domain }) => {
      const page = pageOf(query, query.after_pool_id, query.before_pool_id);
      const filter = { searchPhrase: query.search_phrase, sort: query.sort, label: query.label };
      const pools = await domain.pools.list({ tenantId: params.tid }, filter, page);
      return { body: { pools: pools.map(presentPool) } };
    },
  }),
  route({
    method: 'post',
    path: `${base}/pools`,
    operationId: name('CreatePool'),
    summary: 'Create a pool that any workspace may connect, or one of a workspace',
    tag,
    requires: needs(ofTenant('create_identity_pool')),
    body: PoolBody,
    answers: { status: 201, schema: PoolResponse },
    refuses: [404, 409],
    handler: async ({ params, body, by, allows, domain }) => {
      const workspaceId = body.workspace_id || null;
      if (
        workspaceId !== null &&
        !(await allows('create_workspace_pool', { type: 'workspace', workspaceId }))
      ) {
        throw forbidden('This needs the permission create_workspace_pool', 'permission_missing');
      }
      const scope = { tenantId: params.tid };
      return answerPool(await domain.pools.create(scope, toPoolInput(body), by, { workspaceId }));
    },
  }),
  route({
    method: 'get',
    path: `${base}/pools/{ipID}`,
    operationId: name('GetPool'),
    summary: 'One pool with its counters',
    tag,
    requires: needs(ofPool('get_identity_pool')),
    answers: { status: 200, schema: PoolResponse },
    refuses: [404],
    handler: async ({ params, domain }) =>
      answerPool(await domain.pools.get({ tenantId: params.tid, poolId: params.ipID })),
  }),
  route({
    method: 'put',
    path: `${base}/pools/{ipID}`,
    operationId: name('UpdatePool'),
    summary: 'Replace the settings of a pool',
    tag,
    requires: needs(ofPool('update_identity_pool')),
    body: PoolBody,
    answers: { status: 200, schema: PoolResponse },
    refuses: [404, 409, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      return answerPool(await domain.pools.update(scope, toPoolInput(body), by, expected));
    },
  }),
  route({
    method: 'delete',
    path: `${base}/pools/{ipID}`,
    operationId: name('DeletePool'),
    summary: 'Delete a pool, ending all access of its people; with_idp=true deletes its connections too',
    tag,
    requires: needs(ofPool('delete_identity_pool')),
    query: WithIdpQuery,
    answers: { status: 204 },
    refuses: [404, 409, 412],
    handler: async ({ params, query, by, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      await domain.pools.remove(scope, { withConnections: query.with_idp ?? false }, by, expected);
      return {};
    },
  }),
  route({
    method: 'get',
    path: `${base}/workspace/{wid}/pools`,
    operationId: name('ListWorkspacePools'),
    summary: 'The pools that belong to a workspace',
    tag,
    requires: needs(ofWorkspace('list_workspace_pools')),
    query: PoolsQuery,
    answers: { status: 200, schema: PoolsResponse },
    refuses: [404],
    handler: async ({ params, query, domain }) => {
      const page = pageOf(query, query.after_pool_id, query.before_pool_id);
      const filter = { searchPhrase: query.search_phrase, sort: query.sort, label: query.label };
      const scope = { tenantId: params.tid, workspaceId: params.wid };
      const pools = await domain.pools.listInWorkspace(scope, filter, page);
      return { body: { pools: pools.map(presentPool) } };
    },
  }),
]);

export const poolRoutes = [
  ...sharedRoutes,
  route({
    method: 'post',
    path: `${ADMIN_BASE}/workspace/{wid}/pools`,
    operationId: 'CreateWorkspacePool',
    summary: 'Create a pool that belongs to a workspace; with_idp=true connects it at once',
    tag,
    requires: ofWorkspace('create_workspace_pool'),
    query: WithIdpQuery,
    body: PoolBody,
    answers: { status: 201, schema: PoolResponse },
    refuses: [404, 409],
    handler: async ({ params, query, body, by, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: params.wid };
      const connect = query.with_idp ?? false;
      return answerPool(await domain.pools.createInWorkspace(scope, toPoolInput(body), by, { connect }));
    },
  }),
  route({
    method: 'delete',
    path: `${ADMIN_BASE}/workspace/{wid}/pools/{ipID}`,
    operationId: 'DeleteWorkspacePool',
    summary: 'Delete a pool that belongs to the workspace',
    tag,
    requires: ofPool('delete_identity_pool'),
    query: WithIdpQuery,
    answers: { status: 204 },
    refuses: [404, 409, 412],
    handler: async ({ params, query, by, expected, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: params.wid, poolId: params.ipID };
      await domain.pools.remove(scope, { withConnections: query.with_idp ?? false }, by, expected);
      return {};
    },
  }),
  route({
    method: 'get',
    path: `${ADMIN_BASE}/workspace/{wid}/user/pools`,
    operationId: 'ListUserWorkspacePools',
    summary: 'The pools of a workspace, and those connected to it, that the caller may see',
    tag,
    requires: ofAnyRole,
    query: UserPoolsQuery,
    answers: { status: 200, schema: UserPools },
    refuses: [404],
    handler: async ({ params, query, principal, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: params.wid };
      const limit = query.limit ?? DEFAULT_LIMIT;
      const page = { limit: limit + 1, after: query.cursor };
      const found = principal ? await domain.pools.listVisible(scope, principal, page) : [];
      const pools = found.slice(0, limit);
      const last = found.length > limit ? pools.at(-1) : undefined;
      return { body: { pools: pools.map(presentPool), ...(last && { cursor: cursorOf(last.id) }) } };
    },
  }),
];
