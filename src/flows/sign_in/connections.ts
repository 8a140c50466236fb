import { type ConnectedPool, usableConnections, type WorkspaceSnapshot } from '../../workspaces/snapshot.ts';

/** The connections that the choice shows: a hidden one is reached by `idp_hint` only (contract 1.11). */
export function offeredConnections(snapshot: WorkspaceSnapshot): readonly ConnectedPool[] {
  return usableConnections(snapshot).filter((connection) => !connection.hidden);
}

/** A connection people may use, hidden ones included; `undefined` for a disabled or unknown one. */
export function findConnection(snapshot: WorkspaceSnapshot, connectionId: string): ConnectedPool | undefined {
  return usableConnections(snapshot).find((connection) => connection.connectionId === connectionId);
}

/** What may be used to sign in: the pool's methods under the workspace's ceiling (contract 6.5). */
export function allowsPassword(snapshot: WorkspaceSnapshot, connection: ConnectedPool): boolean {
  return snapshot.mechanisms.includes('password') && connection.pool.mechanisms.includes('password');
}
