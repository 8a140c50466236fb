import { OpenApiGeneratorV31, OpenAPIRegistry, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z, type ZodObject } from 'zod';
import { ErrorBody } from './errors_schema.ts';
import type { Requirement } from './requirement.ts';
import type { Route } from './route.ts';

const PARAMETER = /\{(\w+)\}/g;

const MEANINGS: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Created',
  204: 'Done',
  400: 'The request is malformed',
  401: 'The access token is missing or not valid here',
  403: 'The caller may not do that',
  404: 'Absent, or out of the caller’s reach',
  409: 'In conflict with what is there',
  412: 'Changed since it was read',
  413: 'The body is too large',
  415: 'The body is not JSON',
  422: 'A field is not acceptable',
  429: 'Too many requests',
  503: 'Busy; try again after Retry-After seconds',
};

/** The OpenAPI 3.1 document of a route table, from the schemas that validate. */
export function describeApi(routes: readonly Route[], publicUrl: string): object {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });
  for (const route of routes) registry.registerPath(describeRoute(route));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: { title: 'Weir management API', version: '1' },
    servers: [{ url: publicUrl }],
  });
}

function describeRoute(route: Route): RouteConfig {
  const names = [...route.path.matchAll(PARAMETER)].map(([, name]) => name as string);
  const body = describeBody(route);
  const permission = describeRequirement(route.requires);
  const description = [route.description ?? '', permission].filter((text) => text !== '').join(' ');
  return {
    method: route.method,
    path: route.path,
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(description && { description }),
    ...(route.requires.token !== 'none' && { security: [{ bearer: [] }] }),
    request: {
      params: z.object(Object.fromEntries(names.map((name) => [name, parameter(name)]))),
      ...(route.query && { query: route.query as ZodObject }),
      headers: z.object(headersOf(route)),
      ...(body && { body }),
    },
    responses: describeAnswers(route),
  };
}

const PARAMETERS: Readonly<Record<string, string>> = {
  tid: 'Tenant',
  wid: 'Workspace',
  aid: 'Workspace',
  ipID: 'Pool',
  userID: 'Person',
  groupID: 'Group',
  schID: 'Schema',
  cid: 'Client',
  iid: 'Connection',
  metadataType: 'admin or business',
};

const parameter = (name: string): z.ZodType => z.string().meta({ description: PARAMETERS[name] ?? name });

function headersOf({ method }: Route): Record<string, z.ZodType> {
  if (method === 'get') return {};
  return {
    'If-Match': z.string().optional().meta({
      description: 'The ETag that the change is based on; another version by now is 412',
    }),
    ...(method === 'post' && {
      'X-Idempotency-Key': z.string().min(32).max(255).optional().meta({
        description: 'The same key within a minute gets the first answer again, and nothing happens twice',
      }),
    }),
  };
}

function describeRequirement(requires: Requirement): string {
  switch (requires.token) {
    case 'none':
      return '';
    case 'system':
      return `Needs a token of the tenant's \`system\` workspace with the scope ${requires.scopes.map((scope) => `\`${scope}\``).join(' or ')}.`;
    case 'self':
      return [
        requires.scope === undefined
          ? `Needs a person's token of this workspace; of an application that is not trusted, with the scope \`${requires.scopeOfOthers}\`.`
          : `Needs a person's token of this workspace with the scope \`${requires.scope}\`.`,
        requires.recent ? 'The person must have signed in within the last five minutes.' : '',
      ]
        .join(' ')
        .trim();
    case 'tenant':
    case 'installation':
      if ('anyRole' in requires) return 'The answer depends on the roles of the caller.';
      return 'permission' in requires ? `Needs the permission \`${requires.permission}\`.` : '';
  }
}

function describeBody({ body, stream }: Route) {
  if (stream !== undefined) {
    const content = stream.map((type) => [type, { schema: z.string() }] as const);
    return { content: Object.fromEntries(content), required: true };
  }
  return body && { content: { 'application/json': { schema: body } }, required: true };
}

function describeAnswers({ answers, refuses, body, stream, requires }: Route): RouteConfig['responses'] {
  const refusals = new Set<number>([400, 429, ...refuses]);
  if (requires.token !== 'none') for (const status of [401, 403]) refusals.add(status);
  if (body !== undefined || stream !== undefined) for (const status of [413, 415, 422]) refusals.add(status);
  const success = {
    description: MEANINGS[answers.status] ?? '',
    ...(answers.schema && { content: { [answers.type ?? 'application/json']: { schema: answers.schema } } }),
  };
  const errors = [...refusals]
    .sort((a, b) => a - b)
    .map((status) => [
      status,
      { description: MEANINGS[status] ?? '', content: { 'application/json': { schema: ErrorBody } } },
    ]);
  return { [answers.status]: success, ...(Object.fromEntries(errors) as RouteConfig['responses']) };
}
