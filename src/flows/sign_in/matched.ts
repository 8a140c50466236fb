import type { Mechanism } from '../../pools/pool.ts';
import { SealError } from '../../security/seal.ts';
import { type ConnectedPool, connectionForPool, usableConnections } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { findCandidate } from './candidate.ts';
import { findConnection } from './connections.ts';

/**
 * Connections that are found by the name somebody types (contract 7.3, `identifier_based_matching`). Which of them it
 * is may not be seen before the person has proven who they are, nor whether the name is known at all (T-210): the
 * address of a matched connection is sealed, its pages say what is the same for all of them, and an unknown name is
 * led to one of them as well, always the same.
 */
const MARK = '~';
const HASH_PURPOSE = 'matched_connection';
// The same length for every connection.
const FILLED_LENGTH = 96;
const MAX_LENGTH = 512;

const place = ({ server: { snapshot }, interaction }: Journey): string =>
  `matched_connection:${snapshot.tenantId}/${snapshot.workspaceId}/${interaction.uid}`;

/** The connections whose people are found by name; fewer than two need no finding. */
export const matchable = ({ server }: Journey): readonly ConnectedPool[] =>
  usableConnections(server.snapshot).filter(({ discovery }) => discovery.identifierBasedMatching);

/** Whose pool a name is in, as a connection that does not say so. The same statements whoever is in which. */
export async function matchConnection(
  deps: FlowDeps,
  journey: Journey,
  typed: string,
): Promise<ConnectedPool | undefined> {
  const among = matchable(journey);
  if (among.length < 2) return among[0];
  const holders = await Promise.all(
    among.map((connection) => findCandidate(deps, journey, connection, typed)),
  );
  const { snapshot } = journey.server;
  const decoy = deps.sealer.keyedHash(HASH_PURPOSE, JSON.stringify([snapshot.tenantId, typed]));
  const fallback = among[Buffer.from(decoy).reduce((sum, byte) => sum + byte, 0) % among.length];
  const found = among.find((_, index) => holders[index] !== undefined) ?? fallback;
  if (found === undefined) return undefined;
  const sealed = deps.sealer.seal(found.connectionId.padEnd(FILLED_LENGTH), place(journey));
  return veiled(among, found, `${MARK}${sealed}`);
}

/** The connection that a step's address names, plainly or sealed. */
export function connectionAt(
  { sealer }: FlowDeps,
  journey: Journey,
  parameter: string,
): ConnectedPool | undefined {
  const { snapshot } = journey.server;
  if (!isMatched({ connectionId: parameter })) return findConnection(snapshot, parameter);
  if (parameter.length > MAX_LENGTH) return undefined;
  try {
    const id = sealer.open(parameter.slice(MARK.length), place(journey)).trimEnd();
    const among = matchable(journey);
    const found = among.find(({ connectionId }) => connectionId === id);
    return found && veiled(among, found, parameter);
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}

/** Whether it was found by name, and so must not show which it is. */
export const isMatched = ({ connectionId }: Pick<ConnectedPool, 'connectionId'>): boolean =>
  connectionId.startsWith(MARK);

/** Its own id, for the record. */
export const ownIdOf = ({ server }: Journey, { connectionId, poolId }: ConnectedPool): string =>
  connectionForPool(server.snapshot, poolId)?.connectionId ?? connectionId;

/** With what all of them have in common in the place of what is its own. */
function veiled(among: readonly ConnectedPool[], found: ConnectedPool, connectionId: string): ConnectedPool {
  const pools = among.map(({ pool }) => pool);
  const isCommon = (method: Mechanism) => pools.every(({ mechanisms }) => mechanisms.includes(method));
  const mechanisms = found.pool.mechanisms.filter(isCommon);
  const [preferred = null] = pools.map((pool) => pool.preferred);
  const isPreferredByAll = pools.every((pool) => pool.preferred === preferred);
  return {
    ...found,
    connectionId,
    name: '',
    logoUri: '',
    pool: {
      ...found.pool,
      name: '',
      description: '',
      badgeColor: '',
      mechanisms,
      preferred: isPreferredByAll ? preferred : null,
      selfReset: pools.every(({ selfReset }) => selfReset),
      // The form of a registration is that of one pool.
      selfRegistration: false,
    },
  };
}
