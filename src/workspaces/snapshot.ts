import type { JsonWebKey } from 'node:crypto';
import type { AccessRules } from '../access/access_rules.ts';
import type { Brand } from '../branding/brand.ts';
import type { OwnTexts } from '../branding/own_texts.ts';
import type { ClaimRule } from '../claims/claim.ts';
import type { Attribute, Mapping } from '../claims/mapping.ts';
import type { PasswordMethod } from '../credentials/hashers/hasher.ts';
import type { OfferedLanguages } from '../i18n/offered_languages.ts';
import type { ChosenLimits } from '../security/attempt_limits_store.ts';
import type { Workspace } from './workspace.ts';

export type Mechanism = 'totp' | 'password' | 'email_otp' | 'sms_otp' | 'webauthn';

/** A connected pool, as a sign-in needs it. */
export type ConnectedPool = {
  readonly connectionId: string;
  readonly poolId: string;
  readonly name: string;
  readonly disabled: boolean;
  readonly hidden: boolean;
  readonly displayOrder: number;
  readonly logoUri: string;
  readonly staticAmr: readonly string[];
  readonly mappings: readonly Mapping[];
  /** Whether a refresh looks at the person anew, or repeats what their sign-in said of them. */
  readonly reloadsClaims: boolean;
  /** How a typed name leads to it (contract 7.3); decides something where the workspace's discovery is on. */
  readonly discovery: {
    readonly domains: readonly string[];
    readonly instantRedirect: boolean;
    readonly identifierBasedMatching: boolean;
    readonly fallbackProvider: boolean;
  };
  /** Its people sign in anew for every application. */
  readonly ssoDisabled: boolean;
  readonly pool: {
    readonly name: string;
    readonly description: string;
    readonly badgeColor: string;
    readonly identifierCaseInsensitive: boolean;
    /** What passwords are hashed with, and what a check costs where there is none. */
    readonly hashingMethod: PasswordMethod;
    readonly mechanisms: readonly Mechanism[];
    /** What is offered first; null: nothing in particular. */
    readonly preferred: Mechanism | null;
    /** What is asked for beside the first factor; none: nothing is. */
    readonly secondFactors: readonly Mechanism[];
    readonly preferredSecondFactor: Mechanism | null;
    /** For how long a browser may do without the second factor; 0: never. */
    readonly rememberedSeconds: number;
    /** How many digits a code has that somebody signs in with. */
    readonly signInCodeLength: number;
    /** People get a new password by themselves when they have forgotten theirs. */
    readonly selfReset: boolean;
    /** People may make an account for themselves. */
    readonly selfRegistration: boolean;
    readonly branding: Brand;
  };
};

export type WorkspaceKey = {
  readonly kid: string;
  readonly alg: string;
  readonly status: 'next' | 'current' | 'rotated';
  /** Private parts included; lives in memory only. */
  readonly jwk: JsonWebKey & { kid: string; alg: string; use: string };
};

/** Everything that a workspace's issuer and pages work from: read once, kept by configuration version. */
export type WorkspaceSnapshot = {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly configVersion: number;
  readonly tenantName: string;
  readonly name: string;
  readonly logoUri: string;
  /** How its pages look: its own choice over its tenant's. */
  readonly branding: Brand;
  /** Sentences that the tenant says in words of its own, by language and name. */
  readonly texts: OwnTexts;
  /** Those that the tenant's pages may be in. */
  readonly languages: OfferedLanguages;
  readonly type: 'admin' | 'developer' | 'system' | 'regular' | 'organization';
  readonly grantTypes: readonly string[];
  /** Decides which key signs ID tokens unless a client says otherwise. */
  readonly keyType: Workspace['keyType'];
  readonly mechanisms: readonly Mechanism[];
  readonly lifetimes: {
    readonly authorizationCodeSeconds: number;
    readonly accessTokenSeconds: number;
    readonly idTokenSeconds: number;
    readonly refreshTokenSeconds: number;
    readonly refreshTokenLeewaySeconds: number;
    /** A session that nobody uses. */
    readonly sessionSeconds: number;
    /** A session, however busy. */
    readonly absoluteSessionSeconds: number;
    readonly pushedRequestSeconds: number;
  };
  readonly ssoEnabled: boolean;
  /** People type their name before they choose among connections. */
  readonly discoveryEnabled: boolean;
  readonly accessTokenStrategy: Workspace['accessTokenStrategy'];
  readonly scopeClaimFormats: Workspace['scopeClaimFormats'];
  readonly subjectIdentifierTypes: Workspace['subjectIdentifierTypes'];
  readonly pairwiseSalt: string;
  readonly requirePushedAuthorizationRequests: boolean;
  readonly enforcePkce: boolean;
  readonly rotateConfidentialRefreshTokens: boolean;
  /** How often guesses may fail, where the tenant has set it. */
  readonly attemptLimits: ChosenLimits;
  readonly connections: readonly ConnectedPool[];
  /** Pages of one's own in the place of ours; '' for none. */
  readonly customLoginUrl: string;
  readonly customConsentUrl: string;
  readonly claims: readonly ClaimRule[];
  readonly contextAttributes: readonly Attribute[];
  /** Whether a mapping asks for what is not read with every account. */
  readonly wideAccounts: boolean;
  /** Its own scopes and APIs, and who may have them. */
  readonly access: AccessRules;
  readonly keys: readonly WorkspaceKey[];
};

/** The connections that let people in, in the order in which they are shown. */
export function usableConnections(snapshot: WorkspaceSnapshot): readonly ConnectedPool[] {
  return snapshot.connections
    .filter((connection) => !connection.disabled)
    .sort((a, b) => a.displayOrder - b.displayOrder || a.name.localeCompare(b.name));
}

/** The connection through which people of a pool may be in this workspace; `undefined` shuts them out. */
export function connectionForPool(snapshot: WorkspaceSnapshot, poolId: string): ConnectedPool | undefined {
  return snapshot.connections.find((connection) => connection.poolId === poolId && !connection.disabled);
}
