import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { currentUnit } from '../sessions/unit_of_work.ts';
import { connectionForPool, type WorkspaceSnapshot } from '../workspaces/snapshot.ts';

/**
 * What the library's events mean to us. They run inside the request's unit of work: what they record is
 * written together with what happened, or not at all (design 4.12).
 */
export function recordEvents(
  provider: Provider,
  snapshot: WorkspaceSnapshot,
  onServerError: (ctx: KoaContextWithOIDC, error: Error) => void,
): void {
  provider.on('server_error', onServerError);
  provider.on('authorization.success', (ctx) => {
    const { session, client, account } = ctx.oidc;
    if (!client || !session) return;
    forgetOnLogout(ctx, client.clientId);
    describeSession(ctx, snapshot);
    currentUnit().audit(
      { subject: 'authorization_code', action: 'issued', payload: { scope: ctx.oidc.params?.scope } },
      { kind: 'user', clientId: client.clientId, ...(account ? { userId: account.accountId } : {}) },
    );
  });
  provider.on('interaction.started', (ctx, prompt) => {
    const { client, account } = ctx.oidc;
    if (prompt.name !== 'access' || !client) return;
    currentUnit().audit(
      { subject: 'authorization_code', action: 'denied', payload: { failure_reason: 'group_required' } },
      { kind: 'user', clientId: client.clientId, ...(account ? { userId: account.accountId } : {}) },
    );
  });
  provider.on('grant.success', (ctx) => {
    const { client, params, entities } = ctx.oidc;
    if (!client) return;
    // One row a token that nobody stores would cost client-credentials its best property: no statement at all.
    if (params?.grant_type === 'client_credentials') return;
    currentUnit().audit(
      {
        subject: 'access_token',
        action: 'issued',
        payload: { grant_type: params?.grant_type, scope: entities.AccessToken?.scope },
      },
      {
        kind: 'user',
        clientId: client.clientId,
        ...(entities.Account ? { userId: entities.Account.accountId } : {}),
      },
    );
  });
  provider.on('grant.revoked', (ctx) => {
    const { client } = ctx.oidc;
    currentUnit().audit(
      { subject: 'tokens', action: 'revoked', payload: { route: ctx.oidc.route } },
      { kind: 'client', ...(client ? { clientId: client.clientId } : {}) },
    );
  });
}

/**
 * The library lets tokens that are not bound to the session survive a logout. They shall, only for what was
 * granted for the person's absence (OIDC Core §11).
 */
function forgetOnLogout(ctx: KoaContextWithOIDC, clientId: string): void {
  const { session, entities } = ctx.oidc;
  if (!session) return;
  const offline = entities.AuthorizationCode?.scope?.split(' ').includes('offline_access') ?? false;
  const authorization = session.authorizationFor(clientId) as { persistsLogout?: boolean };
  if (!offline && authorization.persistsLogout !== undefined) {
    delete authorization.persistsLogout;
  }
}

// Columns of the session row that the library knows nothing of.
function describeSession(ctx: KoaContextWithOIDC, snapshot: WorkspaceSnapshot): void {
  const unit = currentUnit();
  const poolId = unit.poolOf(ctx.oidc.session?.accountId);
  if (poolId === undefined) return;
  unit.origin = {
    ...unit.origin,
    poolId,
    connectionId: connectionForPool(snapshot, poolId)?.connectionId,
  };
}
