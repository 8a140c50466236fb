import { renderPage } from '../../http/render.ts';
import { ACCOUNT_CLIENT_ID } from '../../oidc/account_client.ts';
import type { Account } from '../../users/account.ts';
import { findFactors } from '../../users/factors/factors_store.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { finishSignIn } from './complete.ts';
import { methodsOf } from './connections.ts';
import type { Proven } from './factors.ts';
import { isOfferDue, rememberOffer } from './passkey_later_cookie.ts';
import { type FirstFactor, type SignInState, stateFields } from './state.ts';

export type Offering = Pick<SignInState, 'typed'> & {
  readonly first: FirstFactor;
  readonly proven: Proven;
};

/**
 * Everything is proven. Somebody without a passkey whose browser can make one is offered it on the way to the
 * application, once in a while; everybody else goes on. Only the script of our own pages says that a browser can.
 */
export async function finishOrOffer(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  account: Account,
  offering: Offering,
): Promise<void> {
  if (await isDue(deps, journey, connection, offering)) {
    rememberOffer(deps, journey.ctx, scopeOf(journey, connection, offering));
    return offerPasskey(deps, journey, connection, offering);
  }
  return finishSignIn(deps, journey, connection, account, offering.proven);
}

const scopeOf = ({ server }: Journey, { poolId }: ConnectedPool, { first }: Offering) => ({
  tenantId: server.snapshot.tenantId,
  poolId,
  userId: first.userId,
});

async function isDue(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  offering: Offering,
): Promise<boolean> {
  if (offering.first.takesPasskeys !== true) return false;
  // The account page offers them itself, and is where people go to make one.
  if (journey.client.clientId === ACCOUNT_CLIENT_ID) return false;
  if (!methodsOf(journey.server.snapshot, connection).includes('webauthn')) return false;
  const scope = scopeOf(journey, connection, offering);
  if (!isOfferDue(deps, journey.ctx, scope)) return false;
  return (await findFactors(deps.db.knex, scope))?.webauthn === false;
}

/** Shows the offer, or shows it again after something went wrong in the browser. */
export async function offerPasskey(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  { typed, first, proven }: Offering,
  error?: 'passkey',
): Promise<void> {
  const { ctx, app, path } = journey;
  const { connectionId } = connection;
  await renderPage(ctx, 'passkey_offer', {
    ...stateFields(deps, journey, connection, { typed, asked: 'webauthn', first, proven }),
    app,
    action: path('passkey-offer', connectionId),
    optionsHref: path('passkey-options', connectionId),
    ...(error === undefined ? {} : { error }),
  });
}
