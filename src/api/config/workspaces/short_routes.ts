import { DEFAULT_LIMIT, pageOf } from '../../paging.ts';
import { ofAnyRole, ofTenant, ofWorkspace } from '../../requirement.ts';
import { route } from '../../route.ts';
import { presentWorkspaceInShort } from './present.ts';
import {
  cursorOf,
  UserWorkspacesQuery,
  UserWorkspacesResponse,
  WorkspaceMetadata,
  WorkspaceResponse,
  WorkspacesQuery,
  WorkspacesResponse,
} from './schema.ts';

const tag = 'workspaces';
const ADMIN = '/api/admin/{tid}';

/** Workspaces in short, for those who choose among them. */
export const workspaceShortRoutes = [
  route({
    method: 'get',
    path: `${ADMIN}/workspaces`,
    operationId: 'listWorkspaces',
    summary: 'All workspaces of the tenant, in short',
    tag,
    requires: ofTenant('list_workspaces'),
    query: WorkspacesQuery,
    answers: { status: 200, schema: WorkspacesResponse },
    refuses: [],
    handler: async ({ params, query, domain, publicUrl }) => {
      const page = pageOf(query, query.after_workspace_id, query.before_workspace_id);
      if (query.template === true || query.theme_id !== undefined) return { body: { workspaces: [] } };
      const filter = { searchPhrase: query.search_phrase, types: query.workspace_types };
      const workspaces = await domain.workspaces.list({ tenantId: params.tid }, filter, page);
      return { body: { workspaces: workspaces.map((one) => presentWorkspaceInShort(one, publicUrl)) } };
    },
  }),
  route({
    method: 'get',
    path: `${ADMIN}/workspaces/{wid}`,
    operationId: 'getWorkspace',
    summary: 'One workspace, in short',
    tag,
    requires: ofWorkspace('get_workspace'),
    answers: { status: 200, schema: WorkspaceResponse },
    refuses: [404],
    handler: async ({ params, domain, publicUrl }) => {
      const workspace = await domain.workspaces.get({ tenantId: params.tid, workspaceId: params.wid });
      return { body: presentWorkspaceInShort(workspace, publicUrl), version: workspace.rowVersion };
    },
  }),
  route({
    method: 'put',
    path: `${ADMIN}/workspaces/{wid}/metadata`,
    operationId: 'updateWorkspaceMetadata',
    summary: 'Replace the metadata of a workspace and nothing else',
    tag,
    requires: ofWorkspace('update_workspace'),
    body: WorkspaceMetadata,
    answers: { status: 200, schema: WorkspaceMetadata },
    refuses: [404, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: params.wid };
      const workspace = await domain.workspaces.replaceMetadata(scope, body.payload, by, expected);
      return { body: { payload: workspace.metadata }, version: workspace.rowVersion };
    },
  }),
  route({
    method: 'get',
    path: `${ADMIN}/user/workspaces`,
    operationId: 'listUserWorkspaces',
    summary: 'The workspaces that the caller may see',
    tag,
    requires: ofAnyRole,
    query: UserWorkspacesQuery,
    answers: { status: 200, schema: UserWorkspacesResponse },
    refuses: [],
    handler: async ({ params, query, principal, domain, publicUrl }) => {
      const limit = query.limit ?? DEFAULT_LIMIT;
      const page = { limit: limit + 1, after: query.cursor };
      const found = principal
        ? await domain.workspaces.listVisible({ tenantId: params.tid }, principal, page)
        : [];
      const workspaces = found.slice(0, limit);
      const last = found.length > limit ? workspaces.at(-1) : undefined;
      return {
        body: {
          workspaces: workspaces.map((one) => presentWorkspaceInShort(one, publicUrl)),
          ...(last && { cursor: cursorOf(last.id) }),
        },
      };
    },
  }),
];
