import { mayNotConnect, noSuchPool } from '../../../connections/connection.ts';
import { MAX_LIMIT, pageOf } from '../../paging.ts';
import { ofPool, ofWorkspace } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerConnection, presentConnection } from './present.ts';
import {
  ConnectionBody,
  ConnectionResponse,
  ConnectionsResponse,
  PoolConnectionsQuery,
  toConnectionSettings,
  toNewConnection,
  UpdateConnectionBody,
} from './schema.ts';

const tag = 'idps';
const ADMIN = '/api/admin/{tid}';
const IDPS = `${ADMIN}/servers/{wid}/idps` as const;

export const connectionRoutes = [
  route({
    method: 'get',
    path: IDPS,
    operationId: 'listIDPs',
    summary: 'The connections of a workspace',
    tag,
    requires: ofWorkspace('read_idps'),
    answers: { status: 200, schema: ConnectionsResponse },
    refuses: [404],
    handler: async ({ params, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: params.wid };
      const connections = await domain.connections.listByWorkspace(scope);
      return { body: { idps: connections.map(presentConnection) } };
    },
  }),
  route({
    method: 'get',
    path: `${ADMIN}/pools/{ipID}/idps`,
    operationId: 'listIDPsForIdentityPool',
    summary: 'The connections of a pool, in all workspaces',
    tag,
    requires: ofPool('read_identity_pool_idps'),
    query: PoolConnectionsQuery,
    answers: { status: 200, schema: ConnectionsResponse },
    refuses: [404],
    handler: async ({ params, query, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const page = pageOf(query, query.after_server_id, query.before_server_id, MAX_LIMIT);
      const connections = await domain.connections.listByPool(scope, page);
      return { body: { idps: connections.map(presentConnection) } };
    },
  }),
  route({
    method: 'post',
    path: `${IDPS}/identity_pool`,
    operationId: 'createIdentityPoolIDP',
    summary: 'Connect a pool: its people may sign in to the workspace',
    tag,
    requires: ofWorkspace('manage_idps'),
    body: ConnectionBody,
    answers: { status: 201, schema: ConnectionResponse },
    refuses: [404, 409],
    handler: async ({ params, body, by, allows, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: params.wid };
      const pool = { type: 'pool', poolId: body.identity_pool_id } as const;
      if (!(await allows('read_identity_pool_idps', pool))) throw noSuchPool();
      if (!(await allows('connect_identity_pool', pool))) throw mayNotConnect();
      return answerConnection(await domain.connections.create(scope, toNewConnection(body), by));
    },
  }),
  route({
    method: 'get',
    path: `${IDPS}/identity_pool/{iid}`,
    operationId: 'getIdentityPoolIDP',
    summary: 'One connection',
    tag,
    requires: ofWorkspace('read_idps'),
    answers: { status: 200, schema: ConnectionResponse },
    refuses: [404],
    handler: async ({ params, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: params.wid, connectionId: params.iid };
      return answerConnection(await domain.connections.get(scope));
    },
  }),
  route({
    method: 'put',
    path: `${IDPS}/identity_pool/{iid}`,
    operationId: 'updateIdentityPoolIDP',
    summary: 'Replace the settings of a connection; disabling it ends the access it gave',
    tag,
    requires: ofWorkspace('manage_idps'),
    body: UpdateConnectionBody,
    answers: { status: 200, schema: ConnectionResponse },
    refuses: [404, 409, 412],
    handler: async ({ params, body, by, expected, allows, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: params.wid, connectionId: params.iid };
      const input = { ...toConnectionSettings(body), poolId: body.identity_pool_id };
      const { poolId } = await domain.connections.get(scope);
      const mayConnect = await allows('connect_identity_pool', { type: 'pool', poolId });
      return answerConnection(await domain.connections.update(scope, input, by, expected, { mayConnect }));
    },
  }),
  route({
    method: 'delete',
    path: `${IDPS}/{iid}`,
    operationId: 'deleteIDP',
    summary: 'Disconnect a pool, ending the access its people had here',
    tag,
    requires: ofWorkspace('manage_idps'),
    answers: { status: 204 },
    refuses: [404, 409, 412, 422],
    handler: async ({ params, by, expected, domain }) => {
      await domain.connections.remove(
        { tenantId: params.tid, workspaceId: params.wid, connectionId: params.iid },
        by,
        expected,
      );
      return {};
    },
  }),
];
