import type { RequiredGroup } from '../access/required_groups.ts';
import type { RotatedSecret } from './rotated_secrets.ts';

/** What the OAuth endpoints and pages need of a client: read once, kept by the workspace's configuration version. */
export type ClientRegistration = {
  readonly clientId: string;
  readonly clientName: string;
  readonly active: boolean;
  readonly applicationType: 'web' | 'native';
  readonly tokenEndpointAuthMethod: string;
  readonly secretHash: string | undefined;
  readonly secretSealed: string | undefined;
  /** Earlier secrets, the newest first; those whose time is over may still be among them. */
  readonly rotatedSecrets: readonly RotatedSecret[];
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly grantTypes: readonly string[];
  readonly responseTypes: readonly string[];
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  /** First-party: people are not asked for consent. */
  readonly trusted: boolean;
  readonly enforcePkce: boolean;
  /** Whose members alone may use it; none: everybody may. */
  readonly requiredGroups: readonly RequiredGroup[];
  readonly settings: Readonly<Record<string, unknown>>;
};

export const isPublicClient = (client: Pick<ClientRegistration, 'tokenEndpointAuthMethod'>): boolean =>
  client.tokenEndpointAuthMethod === 'none';
