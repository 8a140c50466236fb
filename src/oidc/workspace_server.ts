import type Provider from 'oidc-provider';
import type { WorkspaceSnapshot } from '../workspaces/snapshot.ts';
import type { WorkspaceClients } from './clients.ts';

/** A workspace in working order: what it is configured to be, and the OAuth/OIDC server made from that. */
export type WorkspaceServer = {
  readonly snapshot: WorkspaceSnapshot;
  readonly issuer: string;
  readonly clients: WorkspaceClients;
  readonly provider: Provider;
  /** Discovery document and JWKS, made once for all requests (design 4.11). */
  readonly documents: Map<string, PublicDocument>;
};

/** A public document as bytes, with the validator that lets clients keep theirs. */
export type PublicDocument = {
  readonly body: string;
  readonly type: string;
  readonly etag: string;
};
