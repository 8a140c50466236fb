import { DEFAULT_ATTRIBUTES, DEFAULT_MAPPINGS } from '../claims/defaults.ts';
import { attributeIssues, mappingIssues, type Attribute, type Mapping } from '../claims/mapping.ts';
import { isOnlyByName } from '../claims/sources.ts';
import { forbidden, invalid, refuseAny, type DomainError, type Issue } from '../domain_error.ts';
import { pageUriIssues } from '../clients/uris.ts';

export type ConnectionScope = {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly connectionId: string;
};

export type DiscoverySettings = {
  readonly domains: readonly string[];
  readonly instantRedirect: boolean;
  readonly identifierBasedMatching: boolean;
  readonly fallbackProvider: boolean;
};

/** What an administrator decides about a connection (contract 1.11). */
export type ConnectionSettings = {
  readonly name: string;
  readonly disabled: boolean;
  readonly hidden: boolean;
  readonly displayOrder: number;
  readonly logoUri: string;
  readonly staticAmr: readonly string[];
  readonly config: { readonly reloadClaimsAtRefreshToken: boolean };
  readonly discoverySettings: DiscoverySettings;
  readonly ssoSettings: { readonly disabled: boolean };
  readonly attributes: readonly Attribute[];
  readonly mappings: readonly Mapping[];
};

export type Connection = ConnectionSettings & {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly id: string;
  readonly poolId: string;
  readonly rowVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

export const CONNECTION_DEFAULTS: Omit<ConnectionSettings, 'name'> = {
  disabled: false,
  hidden: false,
  displayOrder: 0,
  logoUri: '',
  staticAmr: [],
  // Who has left a group is out of it at the next refresh.
  config: { reloadClaimsAtRefreshToken: true },
  discoverySettings: {
    domains: [],
    instantRedirect: false,
    identifierBasedMatching: false,
    fallbackProvider: false,
  },
  ssoSettings: { disabled: false },
  attributes: DEFAULT_ATTRIBUTES,
  mappings: DEFAULT_MAPPINGS,
};

/** The refusal of a pool that is not there, or that the caller may not know of. */
export const noSuchPool = (): DomainError => invalid('/identity_pool_id', 'there is no such pool');

/** The refusal of letting in the people of a pool that the caller may only look at. */
export const mayNotConnect = (): DomainError =>
  forbidden('This needs the permission connect_identity_pool', 'permission_missing');

/** Whether mappings ask for metadata of people that earlier ones did not. */
export function asksForMore(mappings: readonly Mapping[], earlier: readonly Mapping[]): boolean {
  const known = new Set(earlier.map(({ source }) => source));
  return mappings.some(({ source }) => isOnlyByName(source) && !known.has(source));
}

const DOMAIN =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/;
// The range of the column.
const MAX_ORDER = 2 ** 31 - 1;

/** Refuses settings that no connection may have, naming every one of them. */
export function checkConnectionSettings(connection: ConnectionSettings): void {
  const issues: Issue[] = pageUriIssues('/logo_uri', connection.logoUri);
  if (connection.displayOrder < 0 || connection.displayOrder > MAX_ORDER) {
    issues.push({ pointer: '/display_order', message: `must be from 0 to ${MAX_ORDER}` });
  }
  if (!connection.discoverySettings.domains.every((domain) => DOMAIN.test(domain))) {
    issues.push({
      pointer: '/discovery_settings/domains',
      message: 'must be plain lower-case domains, like example.com',
    });
  }
  issues.push(...attributeIssues(connection.attributes), ...mappingIssues(connection.mappings));
  refuseAny(issues);
}
