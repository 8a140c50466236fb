import { renderPage, setPage } from '../../http/render.ts';
import type { Mechanism } from '../../pools/pool.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import { noWayIn } from '../failures/no_way_in.ts';
import type { Journey } from '../journey.ts';
import { showLookOf } from '../look.ts';
import { rememberedChoice } from './choice_cookie.ts';
import { methodsOf, offeredConnections } from './connections.ts';
import { isMatched } from './matched.ts';
import { waysFor } from './ways.ts';

/** Longest sign-in name kept in the form after an error. */
export const MAX_IDENTIFIER_LENGTH = 320;

/** Why the page is shown again. */
export type After = { readonly identifier?: string; readonly error?: 'failed' | 'missing' | 'passkey' };

/**
 * Shows the page of a method: the name with the password, or the name alone where a code follows. A passkey says by
 * itself who it is; beside it stands the first of the other methods, for whoever has none or runs no scripts.
 */
export async function showSignIn(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  method: Mechanism,
  after: After = {},
): Promise<void> {
  const { ctx, server, interaction, app, path } = journey;
  const { connectionId, pool } = connection;
  const methods = methodsOf(server.snapshot, connection);
  const typed = method === 'webauthn' ? methods.find((one) => one !== 'webauthn') : method;
  const others = methods.filter((one) => one !== typed);
  const several = offeredConnections(server.snapshot).length > 1;
  const hidden = isMatched(connection);
  const known = rememberedChoice(deps, journey)?.connectionId === connectionId;
  const hint = interaction.params.login_hint;
  const action = path('sign-in', connectionId);
  setPage(ctx, { selfHref: ctx.method === 'POST' ? `${action}?use=${method}` : ctx.originalUrl });
  await renderPage(ctx, 'sign_in', {
    action,
    csrfToken: deps.csrf.formToken(ctx, interaction.uid),
    app,
    method: typed,
    identifier: after.identifier ?? (typeof hint === 'string' ? hint.slice(0, MAX_IDENTIFIER_LENGTH) : ''),
    ...(after.error === undefined ? {} : { error: after.error }),
    ...(pool.selfRegistration ? { registerHref: path('register', connectionId) } : {}),
    ...(typed === 'password' && pool.selfReset ? { forgotHref: path('reset-password', connectionId) } : {}),
    ...(pool.selfRegistration ? { registerHref: path('register', connectionId) } : {}),
    ...(several && !hidden ? { poolName: connection.name } : {}),
    ...(several ? { changePoolHref: path('pool') } : {}),
    ...(pool.badgeColor === '' ? {} : { basinColor: pool.badgeColor }),
    ways: waysFor(journey, connection, others),
    ...(methods.includes('webauthn')
      ? {
          passkey: {
            isFirst: method === 'webauthn',
            action: path('passkey', connectionId),
            optionsHref: path('passkey-options', connectionId),
          },
        }
      : {}),
    ...((several || methods.length > 1) && !hidden ? { remember: known } : {}),
    isWelcomeBack: known && several,
  });
}

/** The page that a sign-in by this connection begins with: as asked for, as remembered, as preferred. */
export async function beginWith(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  after: Pick<After, 'identifier'> = {},
): Promise<void> {
  const { ctx, server } = journey;
  // A look would tell whose pool a typed name is in.
  if (!isMatched(connection)) showLookOf(journey, connection);
  const methods = methodsOf(server.snapshot, connection);
  const [preferred] = methods;
  if (preferred === undefined) return noWayIn(journey);
  const choice = rememberedChoice(deps, journey);
  const remembered = choice?.connectionId === connection.connectionId ? choice.method : undefined;
  const wished = [ctx.query['use'], remembered];
  const method = wished.map((wish) => methods.find((one) => one === wish)).find((one) => one !== undefined);
  await showSignIn(deps, journey, connection, method ?? preferred, after);
}
