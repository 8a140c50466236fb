import { forbidden, invalid, refuseAny, type DomainError, type Issue } from '../domain_error.ts';
import { pageUriIssues } from '../clients/uris.ts';
import { isOnEveryObject } from '../tenants/slug.ts';

export type ConnectionScope = {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly connectionId: string;
};

/** Something the people of a pool bring along: a source path and its type (contract 1.11). */
export type Attribute = {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly labels: readonly string[];
};

/** Which attribute becomes which entry of the authentication context. */
export type Mapping = { readonly source: string; readonly target: string; readonly type: string };

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

const attribute = (name: string, type: string, description: string): Attribute => ({
  name,
  type,
  description,
  labels: [],
});

const DEFAULT_ATTRIBUTES: readonly Attribute[] = [
  attribute('sub', 'string', 'User id'),
  attribute('identifier', 'string', 'Sign-in name as typed'),
  attribute('payload.name', 'string', 'Name'),
  attribute('payload.given_name', 'string', 'Given name'),
  attribute('payload.family_name', 'string', 'Family name'),
  attribute('email', 'string', 'E-mail address'),
  attribute('email_verified', 'bool', 'E-mail address verified'),
  attribute('phone_number', 'string', 'Telephone number'),
  attribute('phone_number_verified', 'bool', 'Telephone number verified'),
  attribute('groups', 'string_array', 'Names of groups'),
];

const mapping = (source: string, target: string, type: string): Mapping => ({ source, target, type });

const DEFAULT_MAPPINGS: readonly Mapping[] = [
  mapping('payload.name', 'name', 'string'),
  mapping('payload.given_name', 'given_name', 'string'),
  mapping('payload.family_name', 'family_name', 'string'),
  mapping('email', 'email', 'string'),
  mapping('email_verified', 'email_verified', 'bool'),
  mapping('phone_number', 'phone_number', 'string'),
  mapping('phone_number_verified', 'phone_number_verified', 'bool'),
  mapping('groups', 'groups', 'string_array'),
];

export const CONNECTION_DEFAULTS: Omit<ConnectionSettings, 'name'> = {
  disabled: false,
  hidden: false,
  displayOrder: 0,
  logoUri: '',
  staticAmr: [],
  config: { reloadClaimsAtRefreshToken: false },
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
  // They are paths into objects.
  const isUnsafe = (path: string) => path.split('.').some(isOnEveryObject);
  if (connection.attributes.some(({ name }) => isUnsafe(name))) {
    issues.push({ pointer: '/attributes', message: 'must not name what every object has' });
  }
  if (connection.mappings.some(({ source, target }) => isUnsafe(source) || isUnsafe(target))) {
    issues.push({ pointer: '/mappings', message: 'must not name what every object has' });
  }
  refuseAny(issues);
}
