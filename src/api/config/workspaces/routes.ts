import { pageOf } from '../../paging.ts';
import { ofTenant, ofWorkspace } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerWorkspace, presentWorkspace } from './present.ts';
import {
  NewServerQuery,
  ServerBody,
  ServerResponse,
  ServersQuery,
  ServersResponse,
  toNewWorkspace,
  toWorkspaceInput,
  UpdateServerBody,
} from './schema.ts';

const tag = 'servers';
const SERVERS = '/api/admin/{tid}/servers';

export const workspaceRoutes = [
  route({
    method: 'get',
    path: SERVERS,
    operationId: 'listAuthorizationServers',
    summary: 'All workspaces of the tenant',
    tag,
    requires: ofTenant('list_workspaces'),
    query: ServersQuery,
    answers: { status: 200, schema: ServersResponse },
    refuses: [],
    handler: async ({ params, query, domain, publicUrl }) => {
      const page = pageOf(query, query.after_server_id, query.before_server_id);
      const filter = { searchPhrase: query.search_phrase, types: query.server_types };
      const workspaces = await domain.workspaces.list({ tenantId: params.tid }, filter, page);
      return { body: { servers: workspaces.map((one) => presentWorkspace(one, publicUrl)) } };
    },
  }),
  route({
    method: 'post',
    path: SERVERS,
    operationId: 'createAuthorizationServer',
    summary: 'Create a workspace with signing keys of its own',
    tag,
    requires: ofTenant('create_workspace'),
    query: NewServerQuery,
    body: ServerBody,
    answers: { status: 201, schema: ServerResponse },
    refuses: [404, 409],
    handler: async ({ params, query, body, by, domain, publicUrl }) => {
      const workspace = await domain.workspaces.create({ tenantId: params.tid }, toNewWorkspace(body), by, {
        withDemoClient: query.with_demo_client ?? false,
      });
      return answerWorkspace(workspace, publicUrl);
    },
  }),
  route({
    method: 'get',
    path: `${SERVERS}/{wid}`,
    operationId: 'getAuthorizationServer',
    summary: 'One workspace',
    tag,
    requires: ofWorkspace('get_workspace'),
    answers: { status: 200, schema: ServerResponse },
    refuses: [404],
    handler: async ({ params, domain, publicUrl }) =>
      answerWorkspace(
        await domain.workspaces.get({ tenantId: params.tid, workspaceId: params.wid }),
        publicUrl,
      ),
  }),
  route({
    method: 'put',
    path: `${SERVERS}/{wid}`,
    operationId: 'updateAuthorizationServer',
    summary: 'Replace the settings of a workspace',
    tag,
    requires: ofWorkspace('update_workspace'),
    body: UpdateServerBody,
    answers: { status: 200, schema: ServerResponse },
    refuses: [404, 409, 412],
    handler: async ({ params, body, by, expected, domain, publicUrl }) => {
      const scope = { tenantId: params.tid, workspaceId: params.wid };
      const workspace = await domain.workspaces.update(scope, toWorkspaceInput(body), by, expected);
      return answerWorkspace(workspace, publicUrl);
    },
  }),
  route({
    method: 'delete',
    path: `${SERVERS}/{wid}`,
    operationId: 'deleteAuthorizationServer',
    summary: 'Delete a workspace with its clients, connections, keys and own pools',
    tag,
    requires: ofWorkspace('delete_workspace'),
    answers: { status: 204 },
    refuses: [404, 412],
    handler: async ({ params, by, expected, domain }) => {
      await domain.workspaces.remove({ tenantId: params.tid, workspaceId: params.wid }, by, expected);
      return {};
    },
  }),
];
