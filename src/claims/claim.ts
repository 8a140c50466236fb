import { refuseAny, type Issue } from '../domain_error.ts';
import { isOnEveryObject } from '../tenants/slug.ts';
import { isPath, PATH_RULE } from './path.ts';
import { isProtocolClaim } from './standard.ts';

export type ClaimScope = { readonly tenantId: string; readonly claimId: string };

export const CLAIM_TYPES = ['id_token', 'access_token'] as const;
export type ClaimType = (typeof CLAIM_TYPES)[number];

/** Where a claim takes its value from: the authentication context. */
export const SOURCE_TYPES = ['authnCtx'] as const;

/** What an administrator decides about a claim (contract 1.11). */
export type ClaimSettings = {
  readonly name: string;
  /** `id_token` is for ID tokens and userinfo, `access_token` for access tokens and their introspection. */
  readonly type: ClaimType;
  readonly sourceType: (typeof SOURCE_TYPES)[number];
  readonly sourcePath: string;
  /** Any one of them that was granted is enough; none: always. */
  readonly scopes: readonly string[];
  /** Only where the server is asked (userinfo, introspection), never inside a token. */
  readonly opaque: boolean;
  readonly description: string;
};

export type Claim = ClaimSettings & {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly id: string;
  readonly rowVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** What making a token needs of it. */
export type ClaimRule = Pick<Claim, 'id' | 'name' | 'type' | 'sourcePath' | 'scopes' | 'opaque'>;

/** A workspace's rules are read together with it; more of them no token would hold. */
export const MAX_CLAIMS = 200;

const NAME = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;
// RFC 6749 §3.3
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;

/** Refuses settings that no claim may have, naming every one of them. */
export function checkClaimSettings(claim: ClaimSettings): void {
  const issues: Issue[] = [];
  if (!NAME.test(claim.name) || isOnEveryObject(claim.name)) {
    issues.push({ pointer: '/name', message: 'must be up to 128 visible characters without " and \\' });
  }
  if (isProtocolClaim(claim.name)) {
    issues.push({
      pointer: '/name',
      message: 'is said by the protocol: choose another',
      rule: 'protocol_claim',
    });
  }
  if (!isPath(claim.sourcePath)) issues.push({ pointer: '/source_path', message: PATH_RULE });
  claim.scopes.forEach((scope, index) => {
    if (!SCOPE.test(scope) || isOnEveryObject(scope)) {
      issues.push({ pointer: `/scopes/${index}`, message: 'is no name of a scope' });
    }
  });
  refuseAny(issues);
}
