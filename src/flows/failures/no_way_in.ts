import { correlationId } from '../../http/request_id.ts';
import { renderPage } from '../../http/render.ts';
import { homeOf, type Journey } from '../journey.ts';

/**
 * Nobody can sign in to this workspace: no pool is connected, or none that offers a method. Or somebody cannot: they
 * have no second factor, and none that they could set up here.
 */
export async function noWayIn(
  { ctx, app, client, interaction }: Journey,
  code: 'no_identity_provider' | 'no_second_factor' = 'no_identity_provider',
): Promise<void> {
  const backHref = homeOf(client, interaction.params.redirect_uri as string | undefined);
  await renderPage(ctx, 'error', {
    code,
    status: 503,
    correlationId: correlationId(ctx),
    app,
    ...(backHref === undefined ? {} : { backHref }),
  });
}
