import { ofScope, ofWorkspace, ofWorkspaceInBody } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerScope, presentScope } from './present.ts';
import { CreateScopeBody, ScopeResponse, ScopesResponse, toScopeInput, UpdateScopeBody } from './schema.ts';

const tag = 'scopes';
const ADMIN = '/api/admin/{tid}';

export const scopeRoutes = [
  route({
    method: 'get',
    path: `${ADMIN}/servers/{wid}/scopes`,
    operationId: 'listScopes',
    summary: 'The scopes of a workspace, the built-in ones first',
    tag,
    requires: ofWorkspace('read_clients'),
    answers: { status: 200, schema: ScopesResponse },
    refuses: [404],
    handler: async ({ params, domain }) => {
      const scopes = await domain.scopes.list({ tenantId: params.tid, workspaceId: params.wid });
      return { body: { scopes: scopes.map(presentScope) } };
    },
  }),
  route({
    method: 'post',
    path: `${ADMIN}/scopes`,
    operationId: 'createScope',
    summary: 'Create a scope, with the texts that people consent to',
    description:
      'With `service_id` it is given only in tokens for that service. With `required_groups` only members get it; others get their token without it.',
    tag,
    requires: ofWorkspaceInBody('manage_clients'),
    body: CreateScopeBody,
    answers: { status: 201, schema: ScopeResponse },
    refuses: [404, 409],
    handler: async ({ params, body, by, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: body.authorization_server_id };
      return answerScope(await domain.scopes.create(scope, { ...toScopeInput(body), id: body.id }, by));
    },
  }),
  route({
    method: 'get',
    path: `${ADMIN}/scopes/{scp}`,
    operationId: 'getScope',
    summary: 'One scope',
    tag,
    requires: ofScope('read_clients'),
    answers: { status: 200, schema: ScopeResponse },
    refuses: [404],
    handler: async ({ params, domain }) =>
      answerScope(await domain.scopes.get({ tenantId: params.tid, scopeId: params.scp })),
  }),
  route({
    method: 'put',
    path: `${ADMIN}/scopes/{scp}`,
    operationId: 'updateScope',
    summary: 'Replace what a scope says; its name stays while clients are registered for it',
    tag,
    requires: ofScope('manage_clients'),
    body: UpdateScopeBody,
    answers: { status: 200, schema: ScopeResponse },
    refuses: [404, 409, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const key = { tenantId: params.tid, scopeId: params.scp };
      const input = { ...toScopeInput(body), workspaceId: body.authorization_server_id };
      return answerScope(await domain.scopes.update(key, input, by, expected));
    },
  }),
  route({
    method: 'delete',
    path: `${ADMIN}/scopes/{scp}`,
    operationId: 'deleteScope',
    summary: 'Delete a scope that no client is registered for',
    tag,
    requires: ofScope('manage_clients'),
    answers: { status: 204 },
    refuses: [404, 409, 412],
    handler: async ({ params, by, expected, domain }) => {
      await domain.scopes.remove({ tenantId: params.tid, scopeId: params.scp }, by, expected);
      return {};
    },
  }),
];
