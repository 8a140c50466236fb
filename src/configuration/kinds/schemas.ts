import { answerSchema } from '../../api/identity/schemas/present.ts';
import { SchemaBody, toSchemaInput } from '../../api/identity/schemas/schema.ts';
import { builtInSchema } from '../../schemas/built_in.ts';
import { kind } from '../kind.ts';

export const schemas = kind({
  noun: 'schema',
  path: 'schemas/{id}.yaml',
  idField: 'id',
  fixed: ['system'],
  body: SchemaBody,
  list: async ({ domain, tenantId }) =>
    (await domain.schemas.list({ tenantId }))
      .filter(({ id }) => builtInSchema(id) === undefined)
      .map((schema) => ({ id: schema.id, answer: answerSchema(schema), kept: schema.system })),
  create: async ({ domain, tenantId, by }, { id }, body) =>
    answerSchema(
      await domain.schemas.create({ tenantId }, { ...toSchemaInput(body), id, system: body.system }, by),
    ),
  update: async ({ domain, tenantId, by }, { id }, body, expected) =>
    answerSchema(await domain.schemas.update({ tenantId, schemaId: id }, toSchemaInput(body), by, expected)),
  remove: ({ domain, tenantId, by }, { id }, expected) =>
    domain.schemas.remove({ tenantId, schemaId: id }, by, expected),
});
