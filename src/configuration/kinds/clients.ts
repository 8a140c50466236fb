import { answerClient } from '../../api/config/clients/present.ts';
import { CreateClientBody, toClientInput } from '../../api/config/clients/schema.ts';
import { hasSecret } from '../../clients/client_secret.ts';
import type { AuthMethod } from '../../clients/client.ts';
import { everyPage, kind } from '../kind.ts';

/** The applications of a workspace; without the client that the tenant is managed by, which every tenant has its own of. */
export const clients = kind({
  noun: 'client',
  path: 'workspaces/{workspace}/clients/{id}.yaml',
  idField: 'client_id',
  leftOut: ['authorization_server_id', 'scope'],
  secrets: ['client_secret'],
  body: CreateClientBody,
  comment: (body) =>
    hasSecret(body['token_endpoint_auth_method'] as AuthMethod)
      ? 'The secret is not exported. client_secret: { env: NAME } or { file: path } sets it; without, it stays as it is.'
      : undefined,
  placed: ({ workspace }) => ({ authorization_server_id: workspace }),
  list: async ({ domain, tenantId }, { workspace }) => {
    const scope = { tenantId, workspaceId: workspace };
    return (await everyPage((page) => domain.clients.list(scope, {}, page)))
      .filter(({ system }) => !system)
      .map((client) => ({ id: client.id, answer: answerClient(client) }));
  },
  create: async ({ domain, tenantId, by }, { workspace, id }, body) => {
    const scope = { tenantId, workspaceId: workspace };
    return answerClient(await domain.clients.create(scope, { ...toClientInput(body), id }, by));
  },
  update: async ({ domain, tenantId, by }, { id }, body, expected) =>
    answerClient(await domain.clients.update({ tenantId, clientId: id }, toClientInput(body), by, expected)),
  remove: ({ domain, tenantId, by }, { id }, expected) =>
    domain.clients.remove({ tenantId, clientId: id }, by, expected),
  holdsSecret: ({ domain, tenantId }, { id }, _field, secret) =>
    domain.clients.holdsSecret({ tenantId, clientId: id }, secret),
});
