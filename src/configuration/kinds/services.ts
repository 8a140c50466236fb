import { answerService } from '../../api/config/services/present.ts';
import { CreateServiceBody, toApiInput } from '../../api/config/services/schema.ts';
import { kind } from '../kind.ts';

export const services = kind({
  noun: 'service',
  path: 'workspaces/{workspace}/services/{id}.yaml',
  idField: 'id',
  leftOut: ['authorization_server_id'],
  body: CreateServiceBody,
  placed: ({ workspace }) => ({ authorization_server_id: workspace }),
  list: async ({ domain, tenantId }, { workspace }) =>
    (await domain.apis.list({ tenantId, workspaceId: workspace }, {})).map((service) => ({
      id: service.api.id,
      answer: answerService(service),
    })),
  create: async ({ domain, tenantId, by }, { workspace, id }, body) => {
    const scope = { tenantId, workspaceId: workspace };
    return answerService(await domain.apis.create(scope, { ...toApiInput(body), id }, by));
  },
  update: async ({ domain, tenantId, by }, { id }, body, expected) =>
    answerService(await domain.apis.update({ tenantId, apiId: id }, toApiInput(body), by, expected)),
  remove: ({ domain, tenantId, by }, { id }, expected) =>
    domain.apis.remove({ tenantId, apiId: id }, by, expected),
});
