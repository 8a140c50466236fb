import { renderPage } from '../../http/render.ts';
import type { FlowDeps } from '../deps.ts';
import { readOwnForm } from '../own_form.ts';
import type { Journey } from '../journey.ts';
import { noWayIn } from '../failures/no_way_in.ts';
import { findConnection, offeredConnections } from './connections.ts';

/** Shows the pools a person can be here as. Says nothing about who is in which (T-210). */
export async function showPoolChooser(deps: FlowDeps, journey: Journey): Promise<void> {
  const { ctx, server, app, interaction, path } = journey;
  const offered = offeredConnections(server.snapshot);
  if (offered.length === 0) return noWayIn(journey);
  await renderPage(ctx, 'pool_chooser', {
    action: path('pool'),
    csrfToken: deps.csrf.formToken(ctx, interaction.uid),
    app,
    choices: offered.map(({ connectionId, name, logoUri, pool }) => ({
      id: connectionId,
      name,
      ...(pool.description === '' ? {} : { description: pool.description }),
      ...(pool.badgeColor === '' ? {} : { color: pool.badgeColor }),
      ...(logoUri === '' ? {} : { logoUri }),
    })),
  });
}

/** Takes the choice and goes on to that pool's form. */
export async function choosePool(deps: FlowDeps, journey: Journey): Promise<void> {
  const { ctx, server, path } = journey;
  const form = await readOwnForm(deps, journey);
  const connection = findConnection(server.snapshot, form.get('pool') ?? '');
  ctx.status = 303;
  // Disconnected while the page was open: choose again.
  ctx.redirect(connection ? path('sign-in', connection.connectionId) : path());
}
