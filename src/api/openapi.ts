import { OpenApiGeneratorV31, OpenAPIRegistry, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z, type ZodObject } from 'zod';
import { ErrorBody } from './errors_schema.ts';
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
  const body = route.body && { content: { 'application/json': { schema: route.body } }, required: true };
  const permission =
    'permission' in route.requires ? `Needs the permission \`${route.requires.permission}\`.` : '';
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
      params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))),
      ...(route.query && { query: route.query as ZodObject }),
      ...(body && { body }),
    },
    responses: describeAnswers(route),
  };
}

function describeAnswers({ answers, refuses, body, requires }: Route): RouteConfig['responses'] {
  const refusals = new Set<number>([400, ...refuses]);
  if (requires.token !== 'none') for (const status of [401, 403]) refusals.add(status);
  if (body !== undefined) for (const status of [413, 415, 422]) refusals.add(status);
  const success = {
    description: MEANINGS[answers.status] ?? '',
    ...(answers.schema && { content: { 'application/json': { schema: answers.schema } } }),
  };
  const errors = [...refusals]
    .sort((a, b) => a - b)
    .map((status) => [
      status,
      { description: MEANINGS[status] ?? '', content: { 'application/json': { schema: ErrorBody } } },
    ]);
  return { [answers.status]: success, ...(Object.fromEntries(errors) as RouteConfig['responses']) };
}
