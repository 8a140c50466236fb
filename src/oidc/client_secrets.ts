import type Provider from 'oidc-provider';
import { matchesAnySecret, stillValid } from '../clients/rotated_secrets.ts';
import type { ClientRegistration } from '../clients/registration.ts';
import type { WorkspaceClients } from './clients.ts';
import { countAssertions, type SecretKeyStore } from './secret_assertions.ts';

/** What the library's client is, as far as its secret goes. */
type SecretClient = {
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly tokenEndpointAuthMethod: string;
  readonly symmetricKeyStore: SecretKeyStore;
};

/**
 * Has the library compare secrets with what is stored: the client's, and those before it that still work. The keys
 * of `client_secret_jwt` are put in place each time, because a secret's time may be over between two requests.
 */
export function compareStoredSecrets(
  provider: Provider,
  clients: WorkspaceClients,
  secrets: {
    readonly matches: (secret: string, hash: string) => boolean;
    readonly open: (clientId: string, sealed: string) => string;
    /** Counts what is presented as a guess, around its comparison. */
    readonly asGuess: (clientId: string, presented: string, fits: () => boolean) => Promise<boolean>;
  },
): void {
  const registrationOf = (client: unknown): ClientRegistration | undefined =>
    clients.known((client as SecretClient).clientId);

  // The library awaits it.
  provider.Client.prototype.compareClientSecret = async function compare(actual: string): Promise<boolean> {
    const client = registrationOf(this);
    if (client === undefined) return false;
    const fits = () => matchesAnySecret(actual, client, secrets.matches, Date.now());
    return secrets.asGuess(client.clientId, actual, fits);
  };

  // The library calls this right before it looks at the secret, whatever the method.
  provider.Client.prototype.checkClientSecretExpiration = function putKeysInPlace(): void {
    const client = this as unknown as SecretClient;
    if (client.tokenEndpointAuthMethod !== 'client_secret_jwt') return;
    const rotated = stillValid(registrationOf(this)?.rotatedSecrets ?? [], Date.now());
    const all = [
      client.clientSecret,
      ...rotated.map(({ secretSealed }) =>
        secretSealed === null ? undefined : secrets.open(client.clientId, secretSealed),
      ),
    ];
    client.symmetricKeyStore.clear();
    for (const secret of all) {
      if (secret === undefined) continue;
      const k = Buffer.from(secret).toString('base64url');
      client.symmetricKeyStore.add({ kty: 'oct', use: 'sig', alg: 'HS256', k });
    }
    countAssertions(client.symmetricKeyStore, (presented, fits) =>
      secrets.asGuess(client.clientId, presented, fits),
    );
  };
}
