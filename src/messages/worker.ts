import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, type DatabaseOptions } from '../db/connection.ts';
import { isDatabaseUnavailable } from '../db/errors.ts';
import type { Outcome } from './channels/channel.ts';
import { deliver, type DeliveryDeps } from './deliver.ts';
import { Destinations } from './destinations.ts';
import { claimMessages, type ClaimedMessage } from './worker_store.ts';

export type MessageWorkerDeps = Omit<DeliveryDeps, 'db'> & {
  readonly database: DatabaseOptions;
  /** How long what is under way may take to end by itself when the server stops. Default: 5 s. */
  readonly drainMs?: number;
};

/** A message leaves well within a second of its transaction; a look costs one statement on a small index. */
const LOOK_EVERY_MS = 250;
/** After a fault of the database's. */
const PAUSE_MS = 5_000;
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
  const destinations = new Destinations();
  const underWay = new Set<Promise<void>>();
  const stopLooking = new AbortController();
  const stopSending = new AbortController();
  let wake = new AbortController();

  const send = async (message: ClaimedMessage): Promise<void> => {
    destinations.begin(message.destination);
    let outcome: Outcome | undefined;
    try {
      outcome = await deliver(deps, message, stopSending.signal);
    } catch (error) {
      // Not written down: the lease runs out, and the message is tried again.
      if (!isDatabaseUnavailable(error)) deps.onError(error);
    } finally {
      destinations.end(message.destination, { slow: outcome?.ok === false && outcome.slow === true });
      wake.abort();
    }
  };
  const begin = (message: ClaimedMessage) => {
    const work = send(message).finally(() => underWay.delete(work));
    underWay.add(work);
  };

  const look = async (): Promise<number> => {
    const room = destinations.room();
    if (room.total <= 0) return 0;
    const claimed = await claimMessages(db.knex, randomUUID(), room);
    for (const message of claimed) begin(message);
    return claimed.length;
  };

  const loop = async () => {
    while (!stopLooking.signal.aborted) {
      let pauseMs = LOOK_EVERY_MS;
      wake = new AbortController();
      try {
        if ((await look()) > 0) continue;
      } catch (error) {
        if (!isDatabaseUnavailable(error)) deps.onError(error);
        pauseMs = PAUSE_MS;
      }
      const signal = AbortSignal.any([stopLooking.signal, wake.signal]);
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };
  const running = loop();

  return {
    async close() {
      stopLooking.abort();
      await running;
      const drained = Promise.all(underWay);
      await Promise.race([drained, sleep(drainMs, undefined, { ref: false })]);
      stopSending.abort();
      await drained;
      for (const channel of Object.values(deps.channels)) channel.close();
      await db.close();
    },
  };
}
