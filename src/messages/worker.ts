import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, type DatabaseOptions } from '../db/connection.ts';
import type { DeliveryDeps } from './deliver.ts';
import { Destinations, OPERATORS, TENANTS } from './destinations.ts';
import { startLane } from './lane.ts';

export type MessageWorkerDeps = Omit<DeliveryDeps, 'db'> & {
  readonly database: DatabaseOptions;
  /** How long what is under way may take to end by itself when the server stops. Default: 5 s. */
  readonly drainMs?: number;
};

const DRAIN_MS = 5_000; // of the 10 s and more that a server has to stop
/** Of the worker's own, so that neither mails nor requests wait for each other. */
const CONNECTIONS = 2;
/** By which the database, and who watches it, tells these connections from those of requests. */
export const WORKER_APPLICATION_NAME = 'weir messages';

/**
 * Sends what is in the outbox, in every process: a message is claimed by one, for the length of a lease. Killed
 * anywhere, nothing is lost; what was being sent is sent once more when the lease has run out, under the same
 * Message-ID.
 */
export function startMessageWorker({ database, drainMs = DRAIN_MS, ...rest }: MessageWorkerDeps): {
  close(): Promise<void>;
} {
  const db = openDatabase({
    ...database,
    poolMax: CONNECTIONS,
    applicationName: WORKER_APPLICATION_NAME,
  });
  const deps: DeliveryDeps = { ...rest, db };
  const stopSending = new AbortController();
  const lanes = [
    startLane(deps, { whose: 'operator', destinations: new Destinations(OPERATORS) }, stopSending.signal),
    startLane(deps, { whose: 'tenant', destinations: new Destinations(TENANTS) }, stopSending.signal),
  ];

  return {
    async close() {
      await Promise.all(lanes.map((lane) => lane.stopLooking()));
      const drained = Promise.all(lanes.map((lane) => lane.drained()));
      await Promise.race([drained, sleep(drainMs, undefined, { ref: false })]);
      stopSending.abort();
      await drained;
      for (const channel of Object.values(deps.ways.operators)) channel.close();
      await db.close();
    },
  };
}
