/** What the OAuth endpoints and pages need of a client: read once, kept by the workspace's configuration version. */
export type ClientRegistration = {
  readonly clientId: string;
  readonly clientName: string;
  readonly active: boolean;
  readonly applicationType: 'web' | 'native';
  readonly tokenEndpointAuthMethod: string;
  readonly secretHash: string | undefined;
  readonly secretSealed: string | undefined;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly grantTypes: readonly string[];
  readonly responseTypes: readonly string[];
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  /** First-party: people are not asked for consent. */
  readonly trusted: boolean;
  readonly enforcePkce: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
};

export const isPublicClient = (client: Pick<ClientRegistration, 'tokenEndpointAuthMethod'>): boolean =>
  client.tokenEndpointAuthMethod === 'none';
