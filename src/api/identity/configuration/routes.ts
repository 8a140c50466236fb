import { ofSystemTenant } from '../../requirement.ts';
import { route } from '../../route.ts';
import { changesOf } from './patch.ts';
import { presentConfiguration, versionsOf } from './present.ts';
import { PatchOperations, PatchQuery, TenantDump, toConfiguration } from './schema.ts';

const tag = 'configuration';
const CONFIGURATION = '/api/identity/{tid}/configuration';

export const configurationRoutes = [
  route({
    method: 'get',
    path: CONFIGURATION,
    operationId: 'ExportTenantConfiguration',
    summary: 'Pools, schemas, people and groups as one document, hashes and secrets masked',
    description:
      'Refused (422) for a tenant with more than 1,000 people, or 8 MiB of them: a pool exports them as a stream.',
    tag,
    requires: ofSystemTenant('read_configuration'),
    answers: { status: 200, schema: TenantDump },
    refuses: [404, 422],
    handler: async ({ params, domain }) => ({
      body: presentConfiguration(params.tid, await domain.configuration.get({ tenantId: params.tid })),
    }),
  }),
  route({
    method: 'put',
    path: CONFIGURATION,
    operationId: 'ImportTenantConfiguration',
    summary: 'Write pools, schemas, people and groups: everything, or nothing',
    description:
      'What has an id that is there is replaced whole, what the document does not name stays. At most 100 people: ' +
      'a streaming import takes more. A credential that is masked keeps what is stored.',
    tag,
    requires: ofSystemTenant('manage_configuration'),
    body: TenantDump,
    answers: { status: 204 },
    refuses: [404, 409],
    handler: async ({ params, body, by, domain }) => {
      await domain.configuration.put({ tenantId: params.tid }, toConfiguration(body), by);
      return {};
    },
  }),
  route({
    method: 'patch',
    path: CONFIGURATION,
    operationId: 'PatchTenantConfiguration',
    summary: 'Change the exported document by JSON Patch (RFC 6902): every operation, or none',
    description:
      'What the operations change is written as an import writes it. They add and change; they delete nothing.',
    tag,
    requires: ofSystemTenant('manage_configuration'),
    query: PatchQuery,
    body: PatchOperations,
    answers: { status: 204 },
    refuses: [404, 409, 412],
    handler: async ({ params, query, body, by, domain }) => {
      const scope = { tenantId: params.tid };
      const exported = await domain.configuration.get(scope);
      const changes = changesOf(presentConfiguration(params.tid, exported), body);
      const basedOn = versionsOf(exported);
      await domain.configuration.put(scope, toConfiguration(changes), by, { mode: query.mode, basedOn });
      return {};
    },
  }),
];
