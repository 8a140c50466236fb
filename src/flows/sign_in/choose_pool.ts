import { renderPage, setPage } from '../../http/render.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import { noWayIn } from '../failures/no_way_in.ts';
import type { Journey } from '../journey.ts';
import { offeredConnections } from './connections.ts';

/** Shows the pools a person can be here as. Says nothing about who is in which (T-210). */
export async function showPoolChooser(
  deps: FlowDeps,
  journey: Journey,
  found: { readonly among?: readonly ConnectedPool[]; readonly identifier?: string } = {},
): Promise<void> {
  const { ctx, server, app, interaction, path } = journey;
  const { among = offeredConnections(server.snapshot), identifier } = found;
  if (among.length === 0) return noWayIn(journey);
  setPage(ctx, { selfHref: path('pool') });
  await renderPage(ctx, 'pool_chooser', {
    action: path('pool'),
    csrfToken: deps.csrf.formToken(ctx, interaction.uid),
    app,
    ...(identifier === undefined ? {} : { identifier }),
    choices: among.map(({ connectionId, name, logoUri, pool }) => ({
      id: connectionId,
      name,
      ...(pool.description === '' ? {} : { description: pool.description }),
      ...(pool.badgeColor === '' ? {} : { color: pool.badgeColor }),
      ...(logoUri === '' ? {} : { logoUri }),
    })),
  });
}
