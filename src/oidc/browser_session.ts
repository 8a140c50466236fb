import type Provider from 'oidc-provider';
import { currentUnit } from '../sessions/unit_of_work.ts';
import type { Interaction, KoaContextWithOIDC } from './interactions.ts';

type Session = InstanceType<Provider['Session']>;

/**
 * Ends the session that a pending request was begun in, with what was granted under it, because another person
 * takes over this browser. Without it the library would send the browser through a form of its own.
 */
export async function endBrowserSession(provider: Provider, interaction: Interaction): Promise<void> {
  const uid = interaction.session?.uid;
  const session = uid === undefined ? undefined : await provider.Session.findByUid(uid);
  if (session) await endSession(session);
  delete interaction.session;
  delete interaction.grantId;
  // The library loads the request once more before it stores the result.
  await interaction.save(interaction.exp - Math.floor(Date.now() / 1000));
}

/** Ends the session that this request came with, and takes its cookie from the browser. */
export async function endOwnSession(ctx: KoaContextWithOIDC): Promise<void> {
  const { session, provider, cookies } = ctx.oidc;
  if (!session) return;
  await endSession(session);
  const path = new URL(provider.issuer).pathname;
  cookies.set(provider.cookieName('session'), null, {
    path,
    httpOnly: true,
    sameSite: 'lax',
    overwrite: true,
  });
}

/**
 * Ends a session: its row, and every grant given in it that was not meant for the person's absence
 * (`offline_access`). Written with the rest of the request.
 */
async function endSession(session: Session): Promise<void> {
  const unit = currentUnit();
  for (const authorization of Object.values(session.authorizations ?? {})) {
    const { grantId, persistsLogout } = authorization as { grantId?: string; persistsLogout?: boolean };
    if (grantId !== undefined && !persistsLogout) unit.revokeGrant(grantId);
  }
  await session.destroy();
}
