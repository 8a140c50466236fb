import { answerScope } from '../../api/config/scopes/present.ts';
import { CreateScopeBody, toScopeInput } from '../../api/config/scopes/schema.ts';
import { kind } from '../kind.ts';

/** The scopes of a workspace's own; those that are built in are everywhere the same. */
export const scopes = kind({
  noun: 'scope',
  path: 'workspaces/{workspace}/scopes/{id}.yaml',
  idField: 'id',
  leftOut: ['authorization_server_id'],
  body: CreateScopeBody,
  placed: ({ workspace }) => ({ authorization_server_id: workspace }),
  list: async ({ domain, tenantId }, { workspace }) =>
    (await domain.scopes.list({ tenantId, workspaceId: workspace })).flatMap((shown) =>
      'scope' in shown ? [{ id: shown.scope.id, answer: answerScope(shown) }] : [],
    ),
  create: async ({ domain, tenantId, by }, { workspace, id }, body) => {
    const scope = { tenantId, workspaceId: workspace };
    return answerScope(await domain.scopes.create(scope, { ...toScopeInput(body), id }, by));
  },
  update: async ({ domain, tenantId, by }, { id }, body, expected) =>
    answerScope(await domain.scopes.update({ tenantId, scopeId: id }, toScopeInput(body), by, expected)),
  remove: ({ domain, tenantId, by }, { id }, expected) =>
    domain.scopes.remove({ tenantId, scopeId: id }, by, expected),
});
