import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { readOwnForm } from '../own_form.ts';
import { rememberChoice, rememberedChoice } from './choice_cookie.ts';
import { showPoolChooser } from './choose_pool.ts';
import { findConnection, offeredConnections } from './connections.ts';
import { discover, showDiscover } from './discover.ts';
import { beginWith } from './sign_in_page.ts';

/**
 * The first page of a sign-in: the form where one pool is in question, by hint, by what was remembered, or because
 * there is no other; else the choice.
 */
export async function beginSignIn(deps: FlowDeps, journey: Journey): Promise<void> {
  const { server, interaction } = journey;
  const hint = interaction.params.idp_hint;
  const hinted = typeof hint === 'string' ? findConnection(server.snapshot, hint) : undefined;
  const offered = offeredConnections(server.snapshot);
  const choice = rememberedChoice(deps, journey)?.connectionId;
  const remembered = offered.find(({ connectionId }) => connectionId === choice);
  const only = hinted ?? remembered ?? (offered.length === 1 ? offered[0] : undefined);
  if (only) return beginWith(deps, journey, only);
  return showChoice(deps, journey);
}

/** The choice itself, whatever was remembered: a list, or the name that it follows from. */
export function showChoice(deps: FlowDeps, journey: Journey): Promise<void> {
  return journey.server.snapshot.discoveryEnabled
    ? showDiscover(deps, journey)
    : showPoolChooser(deps, journey);
}

/** Takes the choice, or the name, and goes on to the form of that pool. */
export async function choosePool(deps: FlowDeps, journey: Journey): Promise<void> {
  const { ctx, server, path } = journey;
  const form = await readOwnForm(deps, journey);
  const [chosen, typed] = [form.get('pool'), form.get('identifier')];
  if (chosen === undefined && server.snapshot.discoveryEnabled) return discover(deps, journey, typed ?? '');
  const connection = findConnection(server.snapshot, chosen ?? '');
  if (connection && form.get('remember') === 'yes') {
    const { connectionId } = connection;
    rememberChoice(deps, journey, { connectionId });
  }
  if (connection && typed !== undefined) return beginWith(deps, journey, connection, { identifier: typed });
  ctx.status = 303;
  // Disconnected while the page was open: choose again.
  ctx.redirect(connection ? path('sign-in', connection.connectionId) : path());
}
