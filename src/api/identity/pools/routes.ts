import { pageOf } from '../../paging.ts';
import { ofPool, ofTenant, ofWorkspace } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerPool, presentPool } from './present.ts';
import { PoolBody, PoolResponse, PoolsQuery, PoolsResponse, toPoolInput, WithIdpQuery } from './schema.ts';

const tag = 'pools';
const ADMIN = '/api/identity/{tid}/admin';

export const poolRoutes = [
  route({
    method: 'get',
    path: `${ADMIN}/pools`,
    operationId: 'ListPools',
    summary: 'All pools of the tenant',
    tag,
    requires: ofTenant('list_identity_pools'),
    query: PoolsQuery,
    answers: { status: 200, schema: PoolsResponse },
    refuses: [],
    handler: async ({ params, query, domain }) => {
      const page = pageOf(query, query.after_pool_id, query.before_pool_id);
      const filter = { searchPhrase: query.search_phrase, sort: query.sort };
      const pools = await domain.pools.list({ tenantId: params.tid }, filter, page);
      return { body: { pools: pools.map(presentPool) } };
    },
  }),
  route({
    method: 'post',
    path: `${ADMIN}/pools`,
    operationId: 'CreatePool',
    summary: 'Create a tenant-level pool, which any workspace may connect',
    tag,
    requires: ofTenant('create_identity_pool'),
    body: PoolBody,
    answers: { status: 201, schema: PoolResponse },
    refuses: [404, 409],
    handler: async ({ params, body, by, domain }) =>
      answerPool(await domain.pools.create({ tenantId: params.tid }, toPoolInput(body), by)),
  }),
  route({
    method: 'get',
    path: `${ADMIN}/pools/{ipID}`,
    operationId: 'GetPool',
    summary: 'One pool with its counters',
    tag,
    requires: ofPool('get_identity_pool'),
    answers: { status: 200, schema: PoolResponse },
    refuses: [404],
    handler: async ({ params, domain }) =>
      answerPool(await domain.pools.get({ tenantId: params.tid, poolId: params.ipID })),
  }),
  route({
    method: 'put',
    path: `${ADMIN}/pools/{ipID}`,
    operationId: 'UpdatePool',
    summary: 'Replace the settings of a pool',
    tag,
    requires: ofPool('update_identity_pool'),
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
    path: `${ADMIN}/pools/{ipID}`,
    operationId: 'DeletePool',
    summary: 'Delete a pool, ending all access of its people; with_idp=true deletes its connections too',
    tag,
    requires: ofPool('delete_identity_pool'),
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
    path: `${ADMIN}/workspace/{wid}/pools`,
    operationId: 'ListWorkspacePools',
    summary: 'The pools that belong to a workspace',
    tag,
    requires: ofWorkspace('list_workspace_pools'),
    query: PoolsQuery,
    answers: { status: 200, schema: PoolsResponse },
    refuses: [404],
    handler: async ({ params, query, domain }) => {
      const page = pageOf(query, query.after_pool_id, query.before_pool_id);
      const filter = { searchPhrase: query.search_phrase, sort: query.sort };
      const scope = { tenantId: params.tid, workspaceId: params.wid };
      const pools = await domain.pools.listInWorkspace(scope, filter, page);
      return { body: { pools: pools.map(presentPool) } };
    },
  }),
  route({
    method: 'post',
    path: `${ADMIN}/workspace/{wid}/pools`,
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
    path: `${ADMIN}/workspace/{wid}/pools/{ipID}`,
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
];
