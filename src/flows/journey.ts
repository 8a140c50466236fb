import type { Context } from 'koa';
import { errors, type Interaction } from '../oidc/interactions.ts';
import type { ClientRegistration } from '../clients/registration.ts';
import { wishLocale } from '../http/locale.ts';
import { setPage } from '../http/render.ts';
import type { AppLabel } from '../http/pages.ts';
import { lookOf } from './look.ts';
import { interactionPath } from '../oidc/provider.ts';
import type { WorkspaceServer } from '../oidc/workspace_server.ts';

/** One person's way through one authorization request: what every step is given. */
export type Journey = {
  readonly ctx: Context;
  readonly server: WorkspaceServer;
  readonly interaction: Interaction;
  readonly client: ClientRegistration;
  readonly app: AppLabel;
  /** The address of a step of this journey. */
  readonly path: (...steps: string[]) => string;
};

/**
 * Loads the journey that the browser's cookie and the path agree on. Throws `SessionNotFound` when it is over,
 * was never this browser's, or its application is gone.
 */
export async function loadJourney(ctx: Context, server: WorkspaceServer, uid: string): Promise<Journey> {
  const interaction = await server.provider.interactionDetails(ctx.req, ctx.res);
  if (interaction.uid !== uid) throw new errors.SessionNotFound('interaction and path differ');
  const client = await server.clients.find(String(interaction.params.client_id));
  if (!client) throw new errors.SessionNotFound('the application is gone');
  const { params } = interaction;
  wishLocale(ctx, typeof params.ui_locales === 'string' ? params.ui_locales : undefined);
  const base = interactionPath(server.snapshot, uid);
  setPage(ctx, { ...lookOf(server.snapshot), selfHref: base });
  return {
    ctx,
    server,
    interaction,
    client,
    app: labelOf(client),
    path: (...steps) => [base, ...steps.map(encodeURIComponent)].join('/'),
  };
}

/** How pages name an application. */
export function labelOf(client: ClientRegistration): AppLabel {
  const { logo_uri: logoUri } = client.settings;
  return {
    name: client.clientName,
    ...(typeof logoUri === 'string' && logoUri !== '' ? { logoUri } : {}),
  };
}

/** Where a person starts again from: the application's own page, else the origin it lives at. */
export function homeOf(client: ClientRegistration, redirectUri?: string): string | undefined {
  for (const name of ['app_url', 'client_uri', 'initiate_login_uri']) {
    const href = webAddress(client.settings[name]);
    if (href !== undefined) return href;
  }
  const known = redirectUri !== undefined && client.redirectUris.includes(redirectUri);
  const home = webAddress(known ? redirectUri : client.redirectUris[0]);
  return home === undefined ? undefined : `${new URL(home).origin}/`;
}

/** A value of a client's settings that a page may lead to. */
export function webAddress(value: unknown): string | undefined {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  return url && (url.protocol === 'https:' || url.protocol === 'http:') ? url.href : undefined;
}
