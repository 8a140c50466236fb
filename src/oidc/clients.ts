import { LRUCache } from 'lru-cache';
import type { AdapterPayload } from 'oidc-provider';
import { type ClientRegistration, isPublicClient } from '../clients/registration.ts';
import { OIDC_SCOPES, SELF_SCOPES } from './claims.ts';

/** Registered metadata that oidc-provider knows under the same name, passed on as stored. */
const PASSED_ON = [
  'jwks',
  'jwks_uri',
  'token_endpoint_auth_signing_alg',
  'id_token_signed_response_alg',
  'logo_uri',
  'client_uri',
  'policy_uri',
  'tos_uri',
  'require_pushed_authorization_requests',
  'dpop_bound_access_tokens',
  'subject_type',
  'sector_identifier_uri',
  'backchannel_logout_uri',
  'backchannel_logout_session_required',
  'default_max_age',
  'require_auth_time',
] as const;

/** Ids as the management API gives them out; anything else is not worth a look into the database. */
const CLIENT_ID = /^[\w.~-]{1,255}$/;

// The library keeps what a session knows of its clients in a plain object by their ids: `__proto__` as an id
// would write into the prototype of everything.
const isClientId = (id: string): boolean => CLIENT_ID.test(id) && !(id in Object.prototype);

const MAX_CLIENTS = 500;

/**
 * The clients of one workspace, remembered for as long as its configuration does not change. Unknown ids are
 * remembered too, in the same bounded cache.
 */
export class WorkspaceClients {
  readonly #load: (clientId: string) => Promise<ClientRegistration | undefined>;
  readonly #openSecret: (client: ClientRegistration) => string | undefined;
  /** Scopes of the workspace's own that go with any token. */
  readonly #ownScopes: readonly string[];
  readonly #cache = new LRUCache<string, Promise<Entry>>({ max: MAX_CLIENTS });
  // Apart from the others: ids are anybody's to make up, and must not drive out the clients there are.
  readonly #nobody = new LRUCache<string, true>({ max: MAX_CLIENTS });
  readonly #known = new LRUCache<string, ClientRegistration>({ max: MAX_CLIENTS });

  constructor(
    load: (clientId: string) => Promise<ClientRegistration | undefined>,
    openSecret: (client: ClientRegistration) => string | undefined,
    ownScopes: readonly string[] = [],
  ) {
    this.#load = load;
    this.#openSecret = openSecret;
    this.#ownScopes = ownScopes;
  }

  /** The client, if it may act; `undefined` for unknown, foreign and inactive ones alike. */
  async find(clientId: string): Promise<ClientRegistration | undefined> {
    return (await this.#entry(clientId)).registration;
  }

  /** The same as oidc-provider's metadata: always the same object, so that it compiles a client once. */
  async findMetadata(clientId: string): Promise<AdapterPayload | undefined> {
    return (await this.#entry(clientId)).metadata;
  }

  /** A client that this process has just used; never asks the database. */
  known(clientId: string): ClientRegistration | undefined {
    return this.#known.get(clientId);
  }

  async #entry(clientId: string): Promise<Entry> {
    if (!isClientId(clientId) || this.#nobody.has(clientId)) return NOBODY;
    let entry = this.#cache.get(clientId);
    if (!entry) {
      entry = this.#read(clientId);
      this.#cache.set(clientId, entry);
      const loading = entry;
      loading.catch(() => {
        if (this.#cache.peek(clientId) === loading) this.#cache.delete(clientId);
      });
    }
    const { registration } = await entry;
    if (registration) {
      this.#known.set(clientId, registration);
    } else {
      this.#cache.delete(clientId);
      this.#nobody.set(clientId, true);
    }
    return entry;
  }

  async #read(clientId: string): Promise<Entry> {
    const registration = await this.#load(clientId);
    if (!registration?.active) return NOBODY;
    return {
      registration,
      metadata: metadataOf(registration, this.#openSecret(registration), this.#ownScopes),
    };
  }
}

type Entry = { registration?: ClientRegistration; metadata?: AdapterPayload };
const NOBODY: Entry = {};

// The library wants its own scopes only; those of APIs are decided in `resources.ts`. It takes an empty list
// for no limit, so a client without any keeps the one that gives nothing away.
function oidcScopes(client: ClientRegistration, ownScopes: readonly string[]): string {
  const known: ReadonlySet<string> = new Set([...OIDC_SCOPES, ...SELF_SCOPES, ...ownScopes]);
  return client.scopes.filter((scope) => known.has(scope)).join(' ') || 'openid';
}

function metadataOf(
  client: ClientRegistration,
  clearSecret: string | undefined,
  ownScopes: readonly string[],
): AdapterPayload {
  const metadata: Record<string, unknown> = {
    client_id: client.clientId,
    client_name: client.clientName,
    application_type: client.applicationType,
    token_endpoint_auth_method: client.tokenEndpointAuthMethod,
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    grant_types: [...client.grantTypes],
    response_types: [...client.responseTypes],
  };
  if (client.scopes.length > 0) metadata.scope = oidcScopes(client, ownScopes);
  // No list is no limit to the library, and the self API is for those who say that they use it.
  else if (client.grantTypes.includes('authorization_code')) metadata.scope = OIDC_SCOPES.join(' ');
  for (const name of PASSED_ON) {
    const value = client.settings[name];
    if (value !== undefined && value !== null && value !== '') metadata[name] = value;
  }
  const userinfoAlg = client.settings.userinfo_signed_response_alg;
  if (typeof userinfoAlg === 'string' && userinfoAlg !== 'none') {
    metadata.userinfo_signed_response_alg = userinfoAlg;
  }
  if (!isPublicClient(client) && client.tokenEndpointAuthMethod !== 'private_key_jwt') {
    // Only the keyed hash is known: `compareClientSecret` is ours and never looks at this value.
    metadata.client_secret = clearSecret ?? client.secretHash;
  }
  return metadata;
}
