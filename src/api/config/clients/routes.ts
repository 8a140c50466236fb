import { pageOf } from '../../paging.ts';
import { ofClient, ofWorkspace, ofWorkspaceInBody } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerClient, presentClient } from './present.ts';
import {
  ClientResponse,
  ClientsQuery,
  ClientsResponse,
  CreateClientBody,
  RotateSecretQuery,
  RotateSecretResponse,
  toClientInput,
  UpdateClientBody,
} from './schema.ts';

const tag = 'clients';
const ADMIN = '/api/admin/{tid}';

export const clientRoutes = [
  route({
    method: 'get',
    path: `${ADMIN}/servers/{wid}/clients`,
    operationId: 'listClients',
    summary: 'The clients of a workspace',
    tag,
    requires: ofWorkspace('read_clients'),
    query: ClientsQuery,
    answers: { status: 200, schema: ClientsResponse },
    refuses: [404],
    handler: async ({ params, query, domain }) => {
      const page = pageOf(query, query.after_client_id, query.before_client_id);
      const scope = { tenantId: params.tid, workspaceId: params.wid };
      // Nothing here speaks SAML, and nobody registers what they like.
      const isOther = query.client_types?.includes('oauth2') === false || query.type === 'third_party';
      if (isOther) return { body: { clients: [] } };
      const applicationKinds = query.application_types?.filter((kind) => kind !== 'legacy' && kind !== 'dcr');
      const filter = { searchPhrase: query.search_phrase, applicationKinds };
      const clients = await domain.clients.list(scope, filter, page);
      return { body: { clients: clients.map(presentClient) } };
    },
  }),
  route({
    method: 'post',
    path: `${ADMIN}/clients`,
    operationId: 'createClient',
    summary: 'Register a client; the answer alone shows its secret',
    tag,
    requires: ofWorkspaceInBody('manage_clients'),
    body: CreateClientBody,
    answers: { status: 201, schema: ClientResponse },
    refuses: [404, 409],
    handler: async ({ params, body, by, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: body.authorization_server_id };
      return answerClient(
        await domain.clients.create(scope, { ...toClientInput(body), id: body.client_id }, by),
      );
    },
  }),
  route({
    method: 'get',
    path: `${ADMIN}/clients/{cid}`,
    operationId: 'getClient',
    summary: 'One client, without its secret',
    tag,
    requires: ofClient('read_clients'),
    answers: { status: 200, schema: ClientResponse },
    refuses: [404],
    handler: async ({ params, domain }) =>
      answerClient(await domain.clients.get({ tenantId: params.tid, clientId: params.cid })),
  }),
  route({
    method: 'put',
    path: `${ADMIN}/clients/{cid}`,
    operationId: 'updateClient',
    summary: 'Replace the settings of a client; without client_secret the secret stays',
    description:
      'Taking `trusted`, a scope, an audience, a grant type or a redirect URI from it ends everything that was issued to it.',
    tag,
    requires: ofClient('manage_clients'),
    body: UpdateClientBody,
    answers: { status: 200, schema: ClientResponse },
    refuses: [404, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const scope = { tenantId: params.tid, clientId: params.cid };
      const input = { ...toClientInput(body), workspaceId: body.authorization_server_id };
      return answerClient(await domain.clients.update(scope, input, by, expected));
    },
  }),
  route({
    method: 'delete',
    path: `${ADMIN}/clients/{cid}`,
    operationId: 'deleteClient',
    summary: 'Delete a client, ending everything that was issued to it',
    tag,
    requires: ofClient('manage_clients'),
    answers: { status: 204 },
    refuses: [404, 409, 412],
    handler: async ({ params, by, expected, domain }) => {
      await domain.clients.remove({ tenantId: params.tid, clientId: params.cid }, by, expected);
      return {};
    },
  }),
  route({
    method: 'post',
    path: `${ADMIN}/clients/{cid}/rotateSecret`,
    operationId: 'rotateClientSecret',
    summary: 'Make a new secret, shown in this answer alone; the one before works beside it',
    description:
      'The secret of now stays valid until it is revoked, or for `auto_revoke_after`. Two earlier secrets are kept; an older one ends at once.',
    tag,
    requires: ofClient('manage_clients'),
    query: RotateSecretQuery,
    answers: { status: 200, schema: RotateSecretResponse },
    refuses: [404, 409, 412],
    handler: async ({ params, query, by, expected, domain }) => {
      const scope = { tenantId: params.tid, clientId: params.cid };
      const options = { autoRevokeAfterSeconds: query.auto_revoke_after };
      return { body: { secret: await domain.clients.rotateSecret(scope, options, by, expected) } };
    },
  }),
  route({
    method: 'post',
    path: `${ADMIN}/clients/{cid}/revokeRotatedSecrets`,
    operationId: 'revokeRotatedClientSecrets',
    summary: 'End all earlier secrets of a client: only the newest works',
    tag,
    requires: ofClient('manage_clients'),
    answers: { status: 204 },
    refuses: [404, 412],
    handler: async ({ params, by, expected, domain }) => {
      await domain.clients.revokeRotatedSecrets({ tenantId: params.tid, clientId: params.cid }, by, expected);
      return {};
    },
  }),
];
