import { Router } from '@koa/router';
import type { Context, Middleware } from 'koa';
import { z } from 'zod';
import { HttpError, notFound } from '../http/errors.ts';
import { isSelfApiPath } from '../http/self_api_path.ts';
import { auditRoutes } from './config/audit/routes.ts';
import { bruteForceRoutes } from './config/bruteforce/routes.ts';
import { claimsPreviewRoutes } from './config/claims/preview_routes.ts';
import { claimRoutes } from './config/claims/routes.ts';
import { clientRoutes } from './config/clients/routes.ts';
import { connectionRoutes } from './config/connections/routes.ts';
import { keyRoutes } from './config/keys/routes.ts';
import { mfaMethodRoutes } from './config/mfa_methods/routes.ts';
import { permissionRoutes } from './config/permissions/routes.ts';
import { roleRoutes } from './config/roles/routes.ts';
import { tenantSettingsRoutes } from './config/tenant/routes.ts';
import { stylingRoutes } from './config/styling/routes.ts';
import { tokenRoutes } from './config/tokens/routes.ts';
import { scopeRoutes } from './config/scopes/routes.ts';
import { serviceRoutes } from './config/services/routes.ts';
import { messageTemplateRoutes } from './config/message_templates/routes.ts';
import { translationRoutes } from './config/translations/routes.ts';
import { workspaceRoutes } from './config/workspaces/routes.ts';
import { workspaceShortRoutes } from './config/workspaces/short_routes.ts';
import { groupMemberRoutes } from './identity/groups/member_routes.ts';
import { groupRoutes } from './identity/groups/routes.ts';
import { messageRoutes } from './identity/messages/routes.ts';
import { passwordRoutes } from './identity/passwords/routes.ts';
import { configurationRoutes } from './identity/configuration/routes.ts';
import { exportRoutes } from './identity/exports/routes.ts';
import { importRoutes } from './identity/imports/routes.ts';
import { otpRoutes } from './identity/otp/routes.ts';
import { poolRoutes } from './identity/pools/routes.ts';
import { schemaRoutes } from './identity/schemas/routes.ts';
import { selfRoutes } from './identity/self/routes.ts';
import { totpRoutes } from './identity/totp/routes.ts';
import { b2bUserRoutes } from './identity/b2b/routes.ts';
import { userMetadataRoutes } from './identity/users/metadata_routes.ts';
import { userPartRoutes } from './identity/users/parts_routes.ts';
import { userRoutes } from './identity/users/routes.ts';
import { webauthnRoutes } from './identity/webauthn/routes.ts';
import { describeApi } from './openapi.ts';
import { allowOtherOrigins } from './other_origins.ts';
import { serveReference, type ApiDocument } from './reference/index.ts';
import { route, type Route } from './route.ts';
import { serveRoute, type ApiDeps } from './serve_route.ts';
import { loginRoutes } from './system/logins/routes.ts';
import { tenantRoutes } from './system/tenants/routes.ts';

export type { ApiDeps } from './serve_route.ts';

/** Every operation of the management API. */
export const apiRoutes: readonly Route[] = [
  ...tenantRoutes,
  ...tenantSettingsRoutes,
  ...workspaceRoutes,
  ...workspaceShortRoutes,
  ...clientRoutes,
  ...scopeRoutes,
  ...serviceRoutes,
  ...connectionRoutes,
  ...claimRoutes,
  ...claimsPreviewRoutes,
  ...keyRoutes,
  ...roleRoutes,
  ...stylingRoutes,
  ...translationRoutes,
  ...messageTemplateRoutes,
  ...tokenRoutes,
  ...loginRoutes,
  ...permissionRoutes,
  ...bruteForceRoutes,
  ...mfaMethodRoutes,
  ...auditRoutes,
  ...poolRoutes,
  ...schemaRoutes,
  // Before the person whose id might be `export`.
  ...exportRoutes,
  ...userRoutes,
  ...importRoutes,
  ...configurationRoutes,
  ...userPartRoutes,
  ...userMetadataRoutes,
  ...b2bUserRoutes,
  ...messageRoutes,
  ...otpRoutes,
  ...passwordRoutes,
  ...totpRoutes,
  ...webauthnRoutes,
  ...selfRoutes,
  ...groupRoutes,
  ...groupMemberRoutes,
];

/**
 * Koa middleware that serves everything below `/api` and the self API of each workspace: the route table, its OpenAPI document, and 404 as JSON for
 * all else, 405 where another method is served. Expects the error middleware above it. Throws at once for a route that declares no permission.
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
  serveReference(router, document as ApiDocument);
  const serve = router.routes() as unknown as Middleware;
  return async (ctx, next) => {
    const isSelfApi = isSelfApiPath(ctx.path);
    if (isSelfApi && allowOtherOrigins(ctx)) return;
    const isOurs = isSelfApi || ctx.path === '/api' || ctx.path.startsWith('/api/');
    await (isOurs ? serve(ctx, () => Promise.reject(refusalOf(router, ctx))) : next());
  };
}

/** Nothing is there; or nothing by that method, and `Allow` names the others (RFC 9110 §15.5.6). */
function refusalOf(router: Router, { path, method }: Context): HttpError {
  const methods = router.match(path, method).path.flatMap((layer) => layer.methods);
  if (methods.length === 0) return notFound();
  const allowed = [...new Set(methods)].sort().join(', ');
  return new HttpError(405, `Use one of ${allowed}`, { headers: { Allow: allowed } });
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
