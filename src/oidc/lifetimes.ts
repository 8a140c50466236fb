import type { ClientRegistration } from '../clients/registration.ts';
import type { TokenTtls } from '../clients/token_ttls.ts';
import type { WorkspaceSnapshot } from '../workspaces/snapshot.ts';

type Lifetimes = WorkspaceSnapshot['lifetimes'];

/** How long what a client gets lives, in seconds: as the workspace says, or the client where it has its own. */
export function lifetimesFor(
  { lifetimes }: WorkspaceSnapshot,
  client: Pick<ClientRegistration, 'settings'> | undefined,
): Lifetimes {
  if (client?.settings.use_custom_token_ttls !== true) return lifetimes;
  const own = (client.settings.token_ttls ?? {}) as TokenTtls;
  return {
    ...lifetimes,
    authorizationCodeSeconds: own.authorization_code_ttl ?? lifetimes.authorizationCodeSeconds,
    accessTokenSeconds: own.access_token_ttl ?? lifetimes.accessTokenSeconds,
    idTokenSeconds: own.id_token_ttl ?? lifetimes.idTokenSeconds,
    refreshTokenSeconds: own.refresh_token_ttl ?? lifetimes.refreshTokenSeconds,
  };
}
