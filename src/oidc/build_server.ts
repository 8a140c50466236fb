import type { Database } from '../db/connection.ts';
import { scopesWithoutApi } from '../access/access_rules.ts';
import { CLIENT_SECRET_PURPOSE, clientSecretName } from '../clients/client_secret.ts';
import type { ClientRegistration } from '../clients/registration.ts';
import { loadRegistration } from '../clients/registration_store.ts';
import type { Sealer } from '../security/seal.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';
import { loadSnapshot } from '../workspaces/snapshot_store.ts';
import { ACCOUNT_CLIENT_ID, accountClient } from './account_client.ts';
import { WorkspaceClients } from './clients.ts';
import type { OidcPages } from './oidc_pages.ts';
import type { SecretGuesses } from './secret_guesses.ts';
import { createProvider, issuerOf, type ProviderDeps } from './provider.ts';
import type { WorkspaceServer } from './workspace_server.ts';

export type ServerBuilderDeps = {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly secretGuesses: SecretGuesses;
  readonly publicUrl: string;
  readonly cookieKeys: readonly string[];
  readonly pages: OidcPages;
  readonly fetch: typeof globalThis.fetch;
  readonly onServerError: ProviderDeps['onServerError'];
};

/** Makes the function that puts a workspace in working order: one statement, and about a millisecond. */
export function createServerBuilder(deps: ServerBuilderDeps) {
  const { db, sealer, publicUrl } = deps;
  return async (scope: WorkspaceScope): Promise<WorkspaceServer | undefined> => {
    const snapshot = await loadSnapshot(db.knex, scope, (sealed, name) => sealer.open(sealed, name));
    if (!snapshot) return undefined;
    const issuer = issuerOf(publicUrl, scope);
    const clients = new WorkspaceClients(
      async (clientId) =>
        clientId === ACCOUNT_CLIENT_ID
          ? accountClient(snapshot, issuer)
          : loadRegistration(db.knex, scope, clientId),
      (client) => openSecret(sealer, scope, client),
      scopesWithoutApi(snapshot.access),
    );
    const provider = createProvider({
      publicUrl,
      cookieKeys: deps.cookieKeys,
      snapshot,
      clients,
      clientSecrets: {
        matches: (secret, hash) => sealer.matchesKeyedHash(CLIENT_SECRET_PURPOSE, secret, hash),
        open: (clientId, sealed) => sealer.open(sealed, clientSecretName({ ...scope, clientId })),
        asGuess: (clientId, presented, fits) => deps.secretGuesses.check(snapshot, clientId, presented, fits),
      },
      pages: deps.pages,
      fetch: deps.fetch,
      onServerError: deps.onServerError,
    });
    return { snapshot, issuer, clients, provider, documents: new Map() };
  };
}

function openSecret(sealer: Sealer, scope: WorkspaceScope, client: ClientRegistration): string | undefined {
  if (client.secretSealed === undefined) return undefined;
  return sealer.open(
    client.secretSealed,
    clientSecretName({ tenantId: scope.tenantId, clientId: client.clientId }),
  );
}
