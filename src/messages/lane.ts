import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDatabaseUnavailable } from '../db/errors.ts';
import type { Outcome } from './channels/channel.ts';
import { deliver, type DeliveryDeps } from './deliver.ts';
import type { Destinations } from './destinations.ts';
import { claimMessages, type ClaimedMessage, type WhoseWay } from './worker_store.ts';

/** A message leaves well within a second of its transaction; a look costs one statement on a small index. */
const LOOK_EVERY_MS = 250;
/** After a fault of the database's. */
const PAUSE_MS = 5_000;

export type Lane = {
  /** Begins nothing more. Resolves when it has stopped looking; what is under way goes on. */
  stopLooking(): Promise<void>;
  /** Resolves when nothing is under way. */
  drained(): Promise<unknown>;
};

/**
 * Sends messages that leave by one party's ways, in attempts of its own: however many of the others' hang, there is
 * room here.
 * @param stopSending ends what is under way at once.
 */
export function startLane(
  deps: DeliveryDeps,
  { whose, destinations }: { readonly whose: WhoseWay; readonly destinations: Destinations },
  stopSending: AbortSignal,
): Lane {
  const { db } = deps;
  const underWay = new Set<Promise<void>>();
  const stopLooking = new AbortController();
  let wake = new AbortController();

  const send = async (message: ClaimedMessage): Promise<void> => {
    destinations.begin(message.destination);
    let outcome: Outcome | undefined;
    try {
      outcome = await deliver(deps, message, stopSending);
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
    const claimed = await claimMessages(db.knex, randomUUID(), whose, room);
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
    async stopLooking() {
      stopLooking.abort();
      await running;
    },
    drained: () => Promise.all(underWay),
  };
}
