import type { Context } from 'koa';
import { z } from 'zod';
import { notFound, tooManyRequests } from '../http/errors.ts';
import type { Principal } from '../roles/principal.ts';
import type { ApiRate } from '../security/api_rate.ts';
import { isOpaqueId, isSlug, isUserId } from '../tenants/slug.ts';
import {
  actorOf,
  authorizeBody,
  authorizePath,
  identify,
  permissionsOf,
  type CallerDeps,
} from './callers.ts';
import { DependedOn } from '../dependents.ts';
import { answerDependedOn } from './dependents.ts';
import { asApiError } from './domain_errors.ts';
import { etagOf, parseIfMatch } from './etag.ts';
import { onceForKey, REPLAYED_HEADER, type IdempotencyDeps } from './idempotency.ts';
import { readJsonBody } from './json_body.ts';
import { parseQuery } from './query_string.ts';
import type { Answer, Installation, Route } from './route.ts';
import { noStream, streamBody } from './stream_body.ts';
import { validateBody, validateQuery } from './validation.ts';

export type ApiDeps = CallerDeps & {
  readonly idempotency: IdempotencyDeps;
  readonly rate: ApiRate;
  readonly publicUrl: string;
  readonly installation: Installation;
};

const NO_QUERY = z.strictObject({});
const SLUG_PARAMETERS: ReadonlySet<string> = new Set(['tid', 'wid', 'aid', 'ipID']);

/** Serves one request of a route: prove the caller, check what they may, check what they say, do it, answer. */
export async function serveRoute(
  deps: ApiDeps,
  route: Route,
  ctx: Context,
  params: Readonly<Record<string, string>>,
): Promise<void> {
  ctx.set('Cache-Control', 'no-store');
  const { requires } = route;
  const principal = await identify(deps, requires, ctx, params);
  limitRate(deps, callerName(ctx, principal));
  requireKnowableIds(params);
  if (principal !== undefined) {
    await translating(() => authorizePath(deps, principal, requires, params));
  }
  const query = validateQuery(route.query ?? NO_QUERY, parseQuery(ctx.querystring));
  // Reads are never stale here, so a version to read is no condition (contract section 0).
  const expected = route.method === 'get' ? undefined : parseIfMatch(ctx.get('If-Match') || undefined);
  const body = route.body && validateBody(route.body, await readJsonBody(ctx.req));
  if (principal !== undefined) await translating(() => authorizeBody(deps, principal, requires, body));

  const { domain, publicUrl, systemTenantId, installation } = deps;
  const allows = permissionsOf(deps, principal, requires);
  const work = () =>
    translating(
      () =>
        route.handler({
          params,
          query,
          body,
          stream: route.stream === undefined ? noStream : streamBody(ctx.req, route.stream),
          by: actorOf(ctx, principal),
          principal,
          source: requires.token === 'system' ? undefined : ctx.ip,
          allows,
          expected,
          domain,
          publicUrl,
          systemTenantId,
          installation,
        }),
      allows,
    );
  send(route, ctx, await once(deps, route, ctx, { principal, params, body }, work));
}

/** The client, and the person where there is one; a source address where nobody is known. */
const callerName = (ctx: Context, principal: Principal | undefined): string =>
  principal === undefined
    ? `source ${ctx.ip}`
    : [principal.tenantId, principal.workspaceId, principal.clientId, principal.userId ?? ''].join('/');

function limitRate({ rate }: ApiDeps, caller: string): void {
  const seconds = rate(caller);
  if (seconds !== undefined) throw tooManyRequests(seconds);
}

/** An id that could not exist is absent, like every other that does not. */
function requireKnowableIds(params: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(params)) {
    // Authenticators choose the ids of their keys, longer than ours; nobody has what cannot be one.
    if (name === 'webAuthnCredentialID') continue;
    if (!knowableAs(name)(value)) throw notFound();
  }
}

function knowableAs(parameter: string): (id: string) => boolean {
  if (parameter === 'userID') return isUserId;
  return SLUG_PARAMETERS.has(parameter) ? isSlug : isOpaqueId;
}

type KeyedBy = {
  readonly principal: Principal | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
};

/** The answer of a POST that may be repeated under its `X-Idempotency-Key`; of anything else as it comes. */
async function once(
  deps: ApiDeps,
  route: Route,
  ctx: Context,
  { principal, params, body }: KeyedBy,
  work: () => Promise<Answer>,
): Promise<Answer> {
  // What a body that is read as it comes holds is not known before its effects.
  const isKeyed = route.method === 'post' && route.stream === undefined;
  const key = isKeyed ? ctx.get('X-Idempotency-Key') : '';
  if (key === '') return work();
  const tenantId = params.tid ?? deps.systemTenantId;
  const request = {
    tenantId,
    caller: callerName(ctx, principal),
    target: `${ctx.method} ${ctx.url}`,
    key,
    body,
  };
  const { answer, replayed } = await onceForKey(deps.idempotency, request, work);
  if (replayed) ctx.set(REPLAYED_HEADER, 'true');
  return answer;
}

async function translating<T>(work: () => Promise<T>, allows?: ReturnType<typeof permissionsOf>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DependedOn && allows !== undefined) throw await answerDependedOn(error, allows);
    throw asApiError(error);
  }
}

function send({ answers }: Route, ctx: Context, { body, version }: Answer): void {
  if (version !== undefined) ctx.set('ETag', etagOf(version));
  ctx.body = body ?? null;
  if (answers.type !== undefined) ctx.type = answers.type;
  // Koa turns a null body into 204; the declared status is the one that counts.
  ctx.status = answers.status;
}
