import type { Context } from 'koa';
import type { Domain } from '../domain.ts';
import type { Actor } from '../events/audit.ts';
import { HttpError } from '../http/errors.ts';
import { correlationId } from '../http/request_id.ts';
import type { Caller } from '../roles/authorize.ts';
import type { Principal, TokenVerifier } from '../roles/principal.ts';
import type { Permission } from '../roles/permissions.ts';
import type { Resource } from '../roles/authority_store.ts';
import { ADMIN_WORKSPACE, SYSTEM_WORKSPACE } from '../tenants/tenant.ts';
import { authenticate } from './auth.ts';
import type { Requirement, SelfRequirement } from './requirement.ts';

type Params = Readonly<Record<string, string>>;

export type CallerDeps = {
  readonly domain: Domain;
  readonly verifyToken: TokenVerifier;
  /** The same for a person's own token, which any application of the workspace may hold. */
  readonly verifySelfToken: TokenVerifier;
  /** The tenant that the installation is run from: its `admin` workspace issues the operators' tokens. */
  readonly systemTenantId: string;
};

const RECENT_SECONDS = 5 * 60;
const MAX_USER_AGENT_CHARS = 256;

/** Who calls, with a token of the kind and the workspace that the route asks for. Throws `HttpError` 401 or 403. */
export async function identify(
  deps: CallerDeps,
  requires: Requirement,
  ctx: Context,
  params: Params,
): Promise<Principal | undefined> {
  const { verifyToken, verifySelfToken, systemTenantId } = deps;
  const tenantId = params.tid ?? '';
  switch (requires.token) {
    case 'none':
      return undefined;
    case 'tenant':
      return authenticate(ctx.req, { tenantId, workspaceId: ADMIN_WORKSPACE }, verifyToken);
    case 'installation':
      return authenticate(ctx.req, { tenantId: systemTenantId, workspaceId: ADMIN_WORKSPACE }, verifyToken);
    case 'system': {
      const system = { tenantId, workspaceId: SYSTEM_WORKSPACE };
      const principal = await authenticate(ctx.req, system, verifyToken);
      if (principal.kind !== 'client' || !requires.scopes.some((scope) => principal.scopes.has(scope))) {
        throw insufficientScope(requires.scopes);
      }
      return principal;
    }
    case 'self': {
      const own = { tenantId, workspaceId: params.aid ?? '' };
      const principal = await authenticate(ctx.req, own, verifySelfToken);
      requireOwn(principal, requires);
      return principal;
    }
  }
}

function requireOwn(principal: Principal, { scope, scopeOfOthers, recent }: SelfRequirement): void {
  if (principal.kind !== 'user') throw new HttpError(403, 'This needs a token of a person');
  const needed = scope ?? (principal.trusted === true ? undefined : scopeOfOthers);
  if (needed !== undefined && !principal.scopes.has(needed)) throw insufficientScope([needed]);
  if (!recent) return;
  const age = Date.now() / 1000 - (principal.authTime ?? 0);
  if (age <= RECENT_SECONDS) return;
  // RFC 9470 §3: the application is told to let the person sign in again.
  throw new HttpError(401, 'This needs a sign-in within the last five minutes', {
    code: 'recent_authentication_required',
    headers: {
      'WWW-Authenticate': `Bearer realm="weir", error="insufficient_user_authentication", max_age="${RECENT_SECONDS}"`,
    },
  });
}

// RFC 6750 §3.1.
function insufficientScope(scopes: readonly string[]): HttpError {
  return new HttpError(403, `This needs the scope ${scopes.join(' or ')}`, {
    code: 'insufficient_scope',
    headers: {
      'WWW-Authenticate': `Bearer realm="weir", error="insufficient_scope", scope="${scopes.join(' ')}"`,
    },
  });
}

/** Throws 403 unless the caller may do what the route is for; `body` for the few that name their resource there. */
export async function authorizePath(
  deps: CallerDeps,
  principal: Principal,
  requires: Requirement,
  params: Params,
): Promise<void> {
  if (!('of' in requires) || requires.permission === undefined) return;
  const caller = callerOf(deps, principal, requires);
  await deps.domain.roles.authorize(caller, requires.permission, requires.of(params));
}

export async function authorizeBody(
  deps: CallerDeps,
  principal: Principal,
  requires: Requirement,
  body: unknown,
): Promise<void> {
  if (!('ofBody' in requires)) return;
  const { permission, of } = requires.ofBody(body);
  await deps.domain.roles.authorize(callerOf(deps, principal, requires), permission, of);
}

/** The question of what else the caller may do, for handlers. */
export const permissionsOf =
  (deps: CallerDeps, principal: Principal | undefined, requires: Requirement) =>
  async (permission: Permission, resource: Resource): Promise<boolean> =>
    principal !== undefined &&
    deps.domain.roles.isAllowed(callerOf(deps, principal, requires), permission, resource);

function callerOf({ systemTenantId }: CallerDeps, principal: Principal, { token }: Requirement): Caller {
  return { principal, systemTenantId, ...(token === 'system' ? { standsAs: 'business_admin' } : {}) };
}

/** The caller as audit events name them. */
export function actorOf(ctx: Context, principal: Principal | undefined): Actor {
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
