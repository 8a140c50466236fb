import { setTimeout as sleep } from 'node:timers/promises';
import { isDatabaseUnavailable } from '../db/errors.ts';
import { claimNotices, type LogoutNotice } from '../sessions/logout_notices_store.ts';
import { type LogoutDeps, tellApplication } from './backchannel_logout.ts';
import { createLogoutPlaces } from './logout_places.ts';

export type LogoutWorkerDeps = LogoutDeps & { readonly onError: (error: unknown) => void };

/** An application hears within a second; a look costs one statement on a small index. */
const LOOK_EVERY_MS = 500;
/** After a fault of the database's. */
const PAUSE_MS = 5_000;

/**
 * Tells applications of sessions that have ended, in every process. Killed anywhere, nothing is lost: what was under
 * way is told once more when its lease has run out, which applications take as it comes (a session ends once).
 */
export function startLogoutWorker(deps: LogoutWorkerDeps): { close(): Promise<void> } {
  const stop = new AbortController();
  const places = createLogoutPlaces();
  const underWay = new Set<Promise<void>>();

  const tell = async (notice: LogoutNotice): Promise<void> => {
    const leave = places.take(notice);
    try {
      await tellApplication(deps, notice);
    } catch (error) {
      // Not written down: the lease runs out, and it is tried again.
      if (!isDatabaseUnavailable(error)) deps.onError(error);
    } finally {
      leave();
    }
  };

  const look = async (): Promise<number> => {
    const room = places.room();
    if (room === undefined) return 0;
    const claimed = await claimNotices(deps.db.knex, room);
    for (const notice of claimed) {
      const work = tell(notice).finally(() => underWay.delete(work));
      underWay.add(work);
    }
    return claimed.length;
  };

  const loop = async () => {
    while (!stop.signal.aborted) {
      let pauseMs = LOOK_EVERY_MS;
      try {
        if ((await look()) > 0) continue;
      } catch (error) {
        if (!isDatabaseUnavailable(error)) deps.onError(error);
        pauseMs = PAUSE_MS;
      }
      await sleep(pauseMs, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
    }
  };
  const running = loop();

  return {
    async close() {
      stop.abort();
      await running;
      // Each ends by the timeout of its fetch.
      await Promise.all(underWay);
    },
  };
}
