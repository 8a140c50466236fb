import type { Mechanism } from '../../pools/pool.ts';
import { type ConnectedPool, usableConnections, type WorkspaceSnapshot } from '../../workspaces/snapshot.ts';

/** The connections that the choice shows: a hidden one is reached by `idp_hint` only (contract 1.11). */
export function offeredConnections(snapshot: WorkspaceSnapshot): readonly ConnectedPool[] {
  return usableConnections(snapshot).filter((connection) => !connection.hidden);
}

/** A connection people may use, hidden ones included; `undefined` for a disabled or unknown one. */
export function findConnection(snapshot: WorkspaceSnapshot, connectionId: string): ConnectedPool | undefined {
  return usableConnections(snapshot).find((connection) => connection.connectionId === connectionId);
}

/** The order in which methods are offered where nothing is preferred. */
const ORDER: readonly Mechanism[] = ['password', 'webauthn', 'email_otp', 'sms_otp', 'totp'];

const listed = (
  { mechanisms: ceiling }: WorkspaceSnapshot,
  chosen: readonly Mechanism[],
  preferred: Mechanism | null,
): readonly Mechanism[] => {
  const allowed = ORDER.filter((method) => chosen.includes(method) && ceiling.includes(method));
  return [
    ...allowed.filter((method) => method === preferred),
    ...allowed.filter((method) => method !== preferred),
  ];
};

/** What may be used to sign in: the pool's methods under the workspace's ceiling (contract 6.5), preferred first. */
export const methodsOf = (snapshot: WorkspaceSnapshot, { pool }: ConnectedPool): readonly Mechanism[] =>
  listed(snapshot, pool.mechanisms, pool.preferred);

export function allowsPassword(snapshot: WorkspaceSnapshot, connection: ConnectedPool): boolean {
  return methodsOf(snapshot, connection).includes('password');
}

/** Whether people of this pool prove themselves twice. */
export const demandsSecondFactor = ({ pool }: ConnectedPool): boolean => pool.secondFactors.length > 0;

/**
 * What may be asked for beside a first factor: another method of the pool's second factors; where the first was the
 * only one of them, another of its ways to sign in. None: nobody gets in, rather than with one factor.
 */
export function secondFactorsBeside(
  snapshot: WorkspaceSnapshot,
  { pool }: ConnectedPool,
  first: Mechanism,
): readonly Mechanism[] {
  const besides = (methods: readonly Mechanism[]) =>
    listed(snapshot, methods, pool.preferredSecondFactor).filter((method) => method !== first);
  const second = besides(pool.secondFactors);
  return second.length === 0 && pool.secondFactors.includes(first) ? besides(pool.mechanisms) : second;
}
