import { pageOf } from '../../paging.ts';
import { ofService, ofWorkspace, ofWorkspaceInBody } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerService, presentService } from './present.ts';
import {
  CreateServiceBody,
  ServiceResponse,
  ServicesQuery,
  ServicesResponse,
  toApiInput,
  UpdateServiceBody,
} from './schema.ts';

const tag = 'services';
const ADMIN = '/api/admin/{tid}';

export const serviceRoutes = [
  route({
    method: 'get',
    path: `${ADMIN}/servers/{wid}/services`,
    operationId: 'listServices',
    summary: 'The services of a workspace: the APIs that tokens may be for',
    tag,
    requires: ofWorkspace('read_clients'),
    query: ServicesQuery,
    answers: { status: 200, schema: ServicesResponse },
    refuses: [404],
    handler: async ({ params, query, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: params.wid };
      const page = pageOf(query, query.after_service_id, query.before_service_id);
      // All services are of one type.
      if (query.service_types?.includes('user') === false) return { body: { services: [] } };
      const services = await domain.apis.list(scope, { searchPhrase: query.search_phrase }, page);
      return { body: { services: services.map(presentService) } };
    },
  }),
  route({
    method: 'post',
    path: `${ADMIN}/services`,
    operationId: 'createService',
    summary: 'Register an API: its audience, and the form and life of its tokens',
    description:
      'Clients get tokens for it whose `audience` names its `custom_audience`. With `required_groups` people who are not members are refused with `invalid_target`.',
    tag,
    requires: ofWorkspaceInBody('manage_clients'),
    body: CreateServiceBody,
    answers: { status: 201, schema: ServiceResponse },
    refuses: [404, 409],
    handler: async ({ params, body, by, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: body.authorization_server_id };
      return answerService(await domain.apis.create(scope, { ...toApiInput(body), id: body.id }, by));
    },
  }),
  route({
    method: 'get',
    path: `${ADMIN}/services/{sid}`,
    operationId: 'getService',
    summary: 'One service with its scopes',
    tag,
    requires: ofService('read_clients'),
    answers: { status: 200, schema: ServiceResponse },
    refuses: [404],
    handler: async ({ params, domain }) =>
      answerService(await domain.apis.get({ tenantId: params.tid, apiId: params.sid })),
  }),
  route({
    method: 'put',
    path: `${ADMIN}/services/{sid}`,
    operationId: 'updateService',
    summary: 'Replace the settings of a service; its audience stays while clients are registered for it',
    tag,
    requires: ofService('manage_clients'),
    body: UpdateServiceBody,
    answers: { status: 200, schema: ServiceResponse },
    refuses: [404, 409, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const key = { tenantId: params.tid, apiId: params.sid };
      const input = { ...toApiInput(body), workspaceId: body.authorization_server_id };
      return answerService(await domain.apis.update(key, input, by, expected));
    },
  }),
  route({
    method: 'delete',
    path: `${ADMIN}/services/{sid}`,
    operationId: 'deleteService',
    summary: 'Delete a service with its scopes, once no client is registered for any of them',
    tag,
    requires: ofService('manage_clients'),
    answers: { status: 204 },
    refuses: [404, 409, 412],
    handler: async ({ params, by, expected, domain }) => {
      await domain.apis.remove({ tenantId: params.tid, apiId: params.sid }, by, expected);
      return {};
    },
  }),
];
