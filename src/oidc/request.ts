import type { Context } from 'koa';
import type { Knex } from 'knex';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { isDatabaseUnavailable } from '../db/errors.ts';
import { correlationId } from '../http/request_id.ts';
import { AccessEnded } from '../sessions/artefacts.ts';
import type { Secrets } from '../sessions/hidden_values.ts';
import { UnitOfWork } from '../sessions/unit_of_work.ts';
import { TooManySecrets } from './secret_guesses.ts';
import type { WorkspaceServer } from './workspace_server.ts';

export type UnitDeps = {
  readonly knex: Knex;
  readonly secrets: Secrets;
};

/** A database that restarts is back within seconds. */
const RETRY_AFTER_SECONDS = 5;
const MAX_USER_AGENT = 255;

/** Endpoints that programs call: they get the error in the form that their protocol defines. */
const MACHINE_ROUTES: ReadonlySet<string> = new Set([
  'token',
  'userinfo',
  'introspection',
  'revocation',
  'pushed_authorization_request',
]);

/**
 * Runs `work` in the request's unit of work and writes its changes before the answer may leave. When that
 * fails, or the store failed on the way, the answer made so far is replaced: nothing of it is true (design
 * 4.12). Front-channel failures are thrown for the error middleware to show as a page.
 */
export async function inUnitOfWork(
  ctx: Context,
  deps: UnitDeps,
  server: WorkspaceServer,
  work: () => Promise<void>,
): Promise<void> {
  const { tenantId, workspaceId, wideAccounts } = server.snapshot;
  const unit = new UnitOfWork(deps.knex, { tenantId, workspaceId, wideAccounts }, deps.secrets);
  unit.origin = {
    ip: ctx.ip,
    userAgent: ctx.get('User-Agent').slice(0, MAX_USER_AGENT) || undefined,
    correlationId: correlationId(ctx),
  };
  try {
    await unit.run(work);
    unit.throwFailure();
    await unit.flush();
  } catch (error) {
    unit.discard();
    replaceAnswer(ctx, error);
  }
}

function replaceAnswer(ctx: Context, error: unknown): void {
  ctx.remove('Set-Cookie');
  ctx.remove('Location');
  const route = (ctx as unknown as Partial<KoaContextWithOIDC>).oidc?.route;
  if (route === undefined || !MACHINE_ROUTES.has(route)) {
    ctx.body = null;
    throw error;
  }
  const { status, ...body } = protocolError(route, error);
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  if (status === 503) ctx.set('Retry-After', String(RETRY_AFTER_SECONDS));
  if (error instanceof TooManySecrets) ctx.set('Retry-After', String(error.retryAfterSeconds));
  ctx.body = body;
}

function protocolError(
  route: string,
  error: unknown,
): { status: number; error: string; error_description: string } {
  if (error instanceof AccessEnded) {
    return route === 'userinfo'
      ? { status: 401, error: 'invalid_token', error_description: 'the access behind this token has ended' }
      : { status: 400, error: 'invalid_grant', error_description: 'the access behind this grant has ended' };
  }
  if (error instanceof TooManySecrets) {
    return { status: 429, error: error.error, error_description: error.error_description };
  }
  if (isDatabaseUnavailable(error)) {
    return {
      status: 503,
      error: 'temporarily_unavailable',
      error_description: 'not available at the moment, try again in a few seconds',
    };
  }
  return { status: 500, error: 'server_error', error_description: 'something went wrong on our side' };
}
