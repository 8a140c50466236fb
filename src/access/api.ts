import { refuseAny, type Issue } from '../domain_error.ts';
import { isOnEveryObject, isOpaqueId, OPAQUE_ID_RULE } from '../tenants/slug.ts';
import type { SigningAlg } from '../workspaces/signing_key.ts';
import { LONGEST_TOKEN_SECONDS } from '../workspaces/workspace.ts';
import { type RequiredGroup, requiredGroupIssues } from './required_groups.ts';

export type ApiKey = { readonly tenantId: string; readonly apiId: string };

/** What an administrator decides about an API (a resource server, RFC 8707). */
export type ApiSettings = {
  readonly name: string;
  readonly description: string;
  /** What tokens for it name: an absolute URI without a fragment. */
  readonly audience: string;
  readonly tokenFormat: 'jwt' | 'opaque';
  /** What JWTs for it are signed with. */
  readonly tokenSigningAlg: SigningAlg;
  /** Null: as long as the workspace's access tokens. */
  readonly accessTokenTtlSeconds: number | null;
  /** The client by which the API asks about its tokens. */
  readonly clientId: string | null;
  readonly requiredGroups: readonly RequiredGroup[];
};

export type Api = ApiSettings & {
  readonly tenantId: string;
  readonly id: string;
  readonly workspaceId: string;
  readonly rowVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** Shown whole, and read with the workspace. */
export const MAX_APIS = 100;

const SHORTEST_TOKEN_SECONDS = 10;
const MAX_AUDIENCE_CHARS = 2048;
const PLAIN = /^[\x21-\x5b\x5d-\x7e]+$/;

/** Refuses what could not be an API; `reserved` are audiences of our own. Names every reason. */
export function checkApi(
  api: ApiSettings & { readonly id?: string | undefined },
  reserved: readonly string[],
): void {
  const ttl = api.accessTokenTtlSeconds;
  refuseAny([
    ...(api.id === undefined || isOpaqueId(api.id) ? [] : [{ pointer: '/id', message: OPAQUE_ID_RULE }]),
    ...(api.name.trim() === '' ? [{ pointer: '/name', message: 'must not be empty' }] : []),
    ...audienceIssues(api.audience, reserved),
    ...(ttl === null || (ttl >= SHORTEST_TOKEN_SECONDS && ttl <= LONGEST_TOKEN_SECONDS)
      ? []
      : [{ pointer: '/access_token_ttl', message: 'must be between 10s and 24h0m0s' }]),
    ...requiredGroupIssues(api.requiredGroups),
  ]);
}

function audienceIssues(audience: string, reserved: readonly string[]): Issue[] {
  const pointer = '/custom_audience';
  // RFC 8707 §2.
  const isAbsolute = audience.length <= MAX_AUDIENCE_CHARS && PLAIN.test(audience) && URL.canParse(audience);
  if (!isAbsolute || isOnEveryObject(audience)) {
    return [{ pointer, message: 'must be an absolute URI in plain ASCII, such as https://api.example.com' }];
  }
  if (audience.includes('#')) return [{ pointer, message: 'must not have a fragment' }];
  return reserved.includes(audience)
    ? [{ pointer, message: "is this server's own API: clients name it in their audience" }]
    : [];
}
