import type { JsonWebKey } from 'node:crypto';
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
  readonly pool: {
    readonly name: string;
    readonly description: string;
    readonly badgeColor: string;
    readonly identifierCaseInsensitive: boolean;
    readonly mechanisms: readonly Mechanism[];
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
    readonly sessionSeconds: number;
  };
  readonly requirePushedAuthorizationRequests: boolean;
  readonly enforcePkce: boolean;
  readonly rotateConfidentialRefreshTokens: boolean;
  readonly connections: readonly ConnectedPool[];
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
