import { Router } from '@koa/router';
import type { Middleware } from 'koa';
import { z } from 'zod';
import { notFound } from '../http/errors.ts';
import { clientRoutes } from './config/clients/routes.ts';
import { connectionRoutes } from './config/connections/routes.ts';
import { roleRoutes } from './config/roles/routes.ts';
import { workspaceRoutes } from './config/workspaces/routes.ts';
import { poolRoutes } from './identity/pools/routes.ts';
import { userRoutes } from './identity/users/routes.ts';
import { describeApi } from './openapi.ts';
import { route, type Route } from './route.ts';
import { serveRoute, type ApiDeps } from './serve_route.ts';
import { tenantRoutes } from './system/tenants/routes.ts';

export type { ApiDeps } from './serve_route.ts';

/** Every operation of the management API. */
export const apiRoutes: readonly Route[] = [
  ...tenantRoutes,
  ...workspaceRoutes,
  ...clientRoutes,
  ...connectionRoutes,
  ...roleRoutes,
  ...poolRoutes,
  ...userRoutes,
];

/**
 * Koa middleware that serves everything below `/api`: the route table, its OpenAPI document, and 404 as JSON for
 * all else. Expects the error middleware above it. Throws at once for a route that declares no permission.
 */
export function createApi(deps: ApiDeps, routes: readonly Route[] = apiRoutes): Middleware {
  const undeclared = routes.find(({ requires }) => requires?.token === undefined);
  if (undeclared !== undefined) {
    throw new Error(`${undeclared.method.toUpperCase()} ${undeclared.path} declares no permission`);
  }
  const document = describeApi(routes, deps.publicUrl);
  const router = new Router({ sensitive: true, strict: true });
  for (const entry of [...routes, openApiRoute(document)]) {
    const path = entry.path.replaceAll(/\{(\w+)\}/g, ':$1');
    router.register(path, [entry.method], (ctx) => serveRoute(deps, entry, ctx, ctx.params));
  }
  const serve = router.routes() as unknown as Middleware;
  return async (ctx, next) => {
    const isOurs = ctx.path === '/api' || ctx.path.startsWith('/api/');
    await (isOurs ? serve(ctx, () => Promise.reject(notFound())) : next());
  };
}

const openApiRoute = (document: object): Route =>
  route({
    method: 'get',
    path: '/api/openapi.json',
    operationId: 'GetOpenApi',
    summary: 'This document',
    tag: 'document',
    requires: { token: 'none' },
    answers: { status: 200, schema: z.looseObject({ openapi: z.string() }) },
    refuses: [],
    handler: () => Promise.resolve({ body: document }),
  });
