import { ADMIN_BASE, inBothApis, SYSTEM_BASE } from '../../both_apis.ts';
import { ofSchema, ofTenant, ofWorkspace } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerSchema, answerSchemas } from './present.ts';
import { SchemaBody, SchemaResponse, SchemasResponse, toSchemaInput } from './schema.ts';

const tag = 'schemas';
const read = ofTenant('read_identity_schemas');
const create = ofTenant('manage_identity_schemas');
// Of the schema: what the data of administrators must look like is theirs to say.
const manage = ofSchema('manage_identity_schemas');
const readInWorkspace = ofWorkspace('read_workspace_schemas');

const scopeOf = (params: { readonly tid: string; readonly schID: string }) => ({
  tenantId: params.tid,
  schemaId: params.schID,
});

const ofBoth = inBothApis(({ base, needs, name }) => {
  const schemas = `${base}/schemas` as const;
  return [
    route({
      method: 'get',
      path: schemas,
      operationId: name('ListSchemas'),
      summary: 'All schemas of the tenant, the built-in ones first',
      tag,
      requires: needs(read),
      answers: { status: 200, schema: SchemasResponse },
      refuses: [],
      handler: async ({ params, domain }) =>
        answerSchemas(await domain.schemas.list({ tenantId: params.tid })),
    }),
    route({
      method: 'post',
      path: schemas,
      operationId: name('CreateSchema'),
      summary: 'Create a schema that pools and people may follow',
      tag,
      requires: needs(create),
      body: SchemaBody,
      answers: { status: 201, schema: SchemaResponse },
      refuses: [404, 409, 422, 429],
      handler: async ({ params, body, by, domain }) => {
        const system = base === SYSTEM_BASE && body.system === true;
        return answerSchema(
          await domain.schemas.create({ tenantId: params.tid }, { ...toSchemaInput(body), system }, by),
        );
      },
    }),
    route({
      method: 'get',
      path: `${schemas}/{schID}`,
      operationId: name('GetSchema'),
      summary: 'One schema',
      tag,
      requires: needs(read),
      answers: { status: 200, schema: SchemaResponse },
      refuses: [404],
      handler: async ({ params, domain }) => answerSchema(await domain.schemas.get(scopeOf(params))),
    }),
    route({
      method: 'put',
      path: `${schemas}/{schID}`,
      operationId: name('UpdateSchema'),
      summary: 'Replace a schema; what people hold already is held against it when it is next written',
      tag,
      requires: needs(manage),
      body: SchemaBody,
      answers: { status: 200, schema: SchemaResponse },
      refuses: [404, 409, 412, 422, 429],
      handler: async ({ params, body, by, expected, domain }) =>
        answerSchema(await domain.schemas.update(scopeOf(params), toSchemaInput(body), by, expected)),
    }),
    route({
      method: 'delete',
      path: `${schemas}/{schID}`,
      operationId: name('DeleteSchema'),
      summary: 'Delete a schema that no pool and nobody follows',
      tag,
      requires: needs(manage),
      answers: { status: 204 },
      refuses: [404, 409, 412],
      handler: async ({ params, by, expected, domain }) => {
        await domain.schemas.remove(scopeOf(params), by, expected);
        return {};
      },
    }),
  ];
});

const WORKSPACE = `${ADMIN_BASE}/workspace/{wid}/schemas` as const;

const ofWorkspaces = [
  route({
    method: 'get',
    path: WORKSPACE,
    operationId: 'ListWorkspaceSchemas',
    summary: 'The schemas that pools of a workspace may follow: all of the tenant',
    tag,
    requires: readInWorkspace,
    answers: { status: 200, schema: SchemasResponse },
    refuses: [404],
    handler: async ({ params, domain }) =>
      answerSchemas(await domain.schemas.listInWorkspace({ tenantId: params.tid, workspaceId: params.wid })),
  }),
  route({
    method: 'get',
    path: `${WORKSPACE}/{schID}`,
    operationId: 'GetWorkspaceSchema',
    summary: 'One of them',
    tag,
    requires: readInWorkspace,
    answers: { status: 200, schema: SchemaResponse },
    refuses: [404],
    handler: async ({ params, domain }) =>
      answerSchema(await domain.schemas.getInWorkspace({ ...scopeOf(params), workspaceId: params.wid })),
  }),
];

export const schemaRoutes = [...ofBoth, ...ofWorkspaces];
