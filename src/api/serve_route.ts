import type { Context } from 'koa';
import { z } from 'zod';
import type { Domain } from '../domain.ts';
import type { Actor } from '../events/audit.ts';
import { notFound } from '../http/errors.ts';
import { correlationId } from '../http/request_id.ts';
import type { Principal, TokenVerifier } from '../roles/principal.ts';
import type { Permission } from '../roles/permissions.ts';
import type { Resource } from '../roles/role_store.ts';
import { isOpaqueId, isSlug } from '../tenants/slug.ts';
import { authenticate } from './auth.ts';
import { asApiError } from './domain_errors.ts';
import { etagOf, parseIfMatch } from './etag.ts';
import { readJsonBody } from './json_body.ts';
import { parseQuery } from './query_string.ts';
import type { Answer, Route } from './route.ts';
import { validateBody, validateQuery } from './validation.ts';

export type ApiDeps = {
  readonly domain: Domain;
  readonly verifyToken: TokenVerifier;
  /** The tenant that the installation is run from: its `admin` workspace issues the operators' tokens. */
  readonly systemTenantId: string;
  readonly publicUrl: string;
};

const NO_QUERY = z.strictObject({});
const SLUG_PARAMETERS: ReadonlySet<string> = new Set(['tid', 'wid', 'ipID']);
const MAX_USER_AGENT_CHARS = 256;

/** Serves one request of a route: prove the caller, check what they may, check what they say, do it, answer. */
export async function serveRoute(
  deps: ApiDeps,
  route: Route,
  ctx: Context,
  params: Readonly<Record<string, string>>,
): Promise<void> {
  ctx.set('Cache-Control', 'no-store');
  const principal = await identify(deps, route, ctx, params);
  requireKnowableIds(params);
  if (principal !== undefined && 'of' in route.requires) {
    await allow(deps, principal, route.requires.permission, route.requires.of(params));
  }
  const query = validateQuery(route.query ?? NO_QUERY, parseQuery(ctx.querystring));
  // Reads are never stale here, so a version to read is no condition (contract section 0).
  const expected = route.method === 'get' ? undefined : parseIfMatch(ctx.get('If-Match') || undefined);
  const body = route.body && validateBody(route.body, await readJsonBody(ctx.req));
  if (principal !== undefined && 'ofBody' in route.requires) {
    const { permission, of } = route.requires.ofBody(body);
    await allow(deps, principal, permission, of);
  }
  // Replays by X-Idempotency-Key belong here: after the caller is allowed, around the effect.
  const { domain, publicUrl, systemTenantId } = deps;
  const by = actorOf(ctx, principal);
  const allows = async (permission: Permission, resource: Resource): Promise<boolean> =>
    principal !== undefined && domain.roles.isAllowed({ principal, systemTenantId }, permission, resource);
  const answer = await translating(() =>
    route.handler({ params, query, body, by, allows, expected, domain, publicUrl, systemTenantId }),
  );
  send(route, ctx, answer);
}

async function identify(
  { verifyToken, systemTenantId }: ApiDeps,
  { requires }: Route,
  ctx: Context,
  params: Readonly<Record<string, string>>,
): Promise<Principal | undefined> {
  if (requires.token === 'none') return undefined;
  const tenantId = requires.token === 'system' ? systemTenantId : (params.tid ?? '');
  return authenticate(ctx.req, tenantId, verifyToken);
}

/** An id that could not exist is absent, like every other that does not. */
function requireKnowableIds(params: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(params)) {
    if (!(SLUG_PARAMETERS.has(name) ? isSlug : isOpaqueId)(value)) throw notFound();
  }
}

async function allow(
  { domain, systemTenantId }: ApiDeps,
  principal: Principal,
  permission: Permission,
  resource: Resource,
): Promise<void> {
  await translating(() => domain.roles.authorize({ principal, systemTenantId }, permission, resource));
}

function actorOf(ctx: Context, principal: Principal | undefined): Actor {
  const userAgent = ctx.get('User-Agent').slice(0, MAX_USER_AGENT_CHARS);
  return {
    kind: principal?.kind ?? 'system',
    ip: ctx.ip,
    correlationId: correlationId(ctx),
    ...(userAgent === '' ? {} : { userAgent }),
    ...(principal && { clientId: principal.clientId, workspaceId: principal.workspaceId }),
    ...(principal?.userId === undefined ? {} : { userId: principal.userId }),
    ...(principal?.poolId === undefined ? {} : { poolId: principal.poolId }),
  };
}

async function translating<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asApiError(error);
  }
}

function send({ answers }: Route, ctx: Context, { body, version }: Answer): void {
  if (version !== undefined) ctx.set('ETag', etagOf(version));
  ctx.body = body ?? null;
  // Koa turns a null body into 204; the declared status is the one that counts.
  ctx.status = answers.status;
}
