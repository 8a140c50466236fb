import type { Account } from '../users/account.ts';

/** The workspace whose artefacts are meant. A row of another workspace is absent, whatever its key. */
export type ArtefactScope = {
  readonly tenantId: string;
  readonly workspaceId: string;
  /** Whether accounts are brought along with what only some mappings ask for. */
  readonly wideAccounts?: boolean;
};

/** Long enough to say what is kept where: the life and the need of each kind decide its table (design 4.14). */
export type TokenModel =
  | 'AccessToken'
  | 'RefreshToken'
  | 'ClientCredentials'
  | 'InitialAccessToken'
  | 'RegistrationAccessToken';
export type FlowModel =
  | 'Interaction'
  | 'AuthorizationCode'
  | 'PushedAuthorizationRequest'
  | 'DeviceCode'
  | 'BackchannelAuthenticationRequest';
export type Model = 'Session' | 'Grant' | 'ReplayDetection' | TokenModel | FlowModel;

const TOKENS: ReadonlySet<string> = new Set<TokenModel>([
  'AccessToken',
  'RefreshToken',
  'ClientCredentials',
  'InitialAccessToken',
  'RegistrationAccessToken',
]);
const FLOWS: ReadonlySet<string> = new Set<FlowModel>([
  'Interaction',
  'AuthorizationCode',
  'PushedAuthorizationRequest',
  'DeviceCode',
  'BackchannelAuthenticationRequest',
]);

export const isTokenModel = (model: string): model is TokenModel => TOKENS.has(model);
export const isFlowModel = (model: string): model is FlowModel => FLOWS.has(model);

/** A payload as oidc-provider gives and takes it. */
export type Payload = Record<string, unknown>;

/** A row as read: the payload still as text, because most are looked at once. */
export type StoredArtefact = {
  readonly model: Model;
  /** SHA-256 of the value, base64url; the grant id itself for grants, which never travel on the wire. */
  readonly key: string;
  readonly payload: string;
  /** Seconds since the epoch; absent while unused or within a refresh token's leeway. */
  readonly consumedAt?: number;
};

/** What one read brings along for the rest of the request. */
export type Reading = {
  readonly found: readonly StoredArtefact[];
  readonly account?: Account;
};

/** Who is at the other end, for the list of sessions that people look at. */
export type SessionOrigin = {
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly connectionId?: string | undefined;
  readonly poolId?: string | undefined;
};

export type SessionWrite = {
  readonly key: string;
  readonly uid: string;
  /** The row was there when the request began: it may only be updated, so that an ended session stays ended. */
  readonly loaded: boolean;
  readonly accountId: string | undefined;
  readonly payload: string;
  readonly ttlSeconds: number;
  readonly origin: SessionOrigin;
};

export type GrantWrite = {
  readonly grantId: string;
  readonly accountId: string | undefined;
  readonly clientId: string | undefined;
  readonly payload: string;
  readonly ttlSeconds: number;
};

export type TokenWrite = {
  readonly model: TokenModel;
  readonly key: string;
  readonly grantId: string | undefined;
  readonly sessionUid: string | undefined;
  readonly accountId: string | undefined;
  readonly clientId: string | undefined;
  readonly payload: string;
  readonly leewaySeconds: number;
  readonly ttlSeconds: number;
};

export type FlowWrite = {
  readonly model: FlowModel;
  readonly key: string;
  readonly userCodeKey: string | undefined;
  readonly grantId: string | undefined;
  readonly sessionUid: string | undefined;
  readonly accountId: string | undefined;
  readonly clientId: string | undefined;
  readonly payload: string;
  readonly ttlSeconds: number;
};

/** Everything one request changes, to leave as one statement. */
export type Flush = {
  readonly sessions: readonly SessionWrite[];
  readonly grants: readonly GrantWrite[];
  readonly tokens: readonly TokenWrite[];
  readonly flows: readonly FlowWrite[];
  readonly endedSessions: readonly string[];
  readonly deletedTokens: readonly string[];
  readonly deletedFlows: readonly { readonly model: FlowModel; readonly key: string }[];
  /** Interactions that are over: they keep only what leads back to the application. */
  readonly closedInteractions: readonly { readonly key: string; readonly remains: string }[];
  readonly revokedGrants: readonly string[];
  readonly audits: readonly AuditWrite[];
};

/** An audit event that is recorded together with what it tells about. */
export type AuditWrite = {
  readonly eventId: string;
  readonly subject: string;
  readonly action: string;
  readonly metadata: string;
  readonly payload: string;
};

/** A grant, or the session, was ended while this request was issuing something under it. Nothing was written. */
export class AccessEnded extends Error {
  override readonly name = 'AccessEnded';
}
