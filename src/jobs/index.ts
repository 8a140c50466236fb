import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../db/connection.ts';
import { isDatabaseUnavailable } from '../db/errors.ts';
import type { Attempts } from '../security/attempts.ts';
import { sweepArtefacts } from '../sessions/sweep_store.ts';

export type JobDeps = {
  readonly db: Database;
  readonly attempts: Attempts;
  readonly purgePools: () => Promise<number>;
  readonly onError: (job: string, error: unknown) => void;
};

/** Housekeeping a minute; it works in batches, so a busy minute is followed by a busy one. */
const EVERY_MS = 60_000;
const BATCH = 1_000;
/** Bounds one round; what is left waits for the next. */
const MAX_BATCHES = 50;

/**
 * Runs what nobody waits for: expired artefacts, counters that mean nothing any more, rows of deleted pools.
 * Every process runs it; each statement takes only rows that no other process holds, and may be killed anywhere.
 */
export function startJobs(deps: JobDeps): { close(): Promise<void> } {
  const stop = new AbortController();
  const running = loop(deps, stop.signal);
  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}

/** One round of everything; gives how many rows are gone. */
export async function runJobs({ db, attempts, purgePools }: Omit<JobDeps, 'onError'>): Promise<number> {
  const drained = async (work: () => Promise<number>) => {
    let total = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const gone = await work();
      total += gone;
      if (gone < BATCH) break;
    }
    return total;
  };
  return (
    (await drained(() => sweepArtefacts(db.knex, BATCH))) +
    (await drained(() => attempts.sweep(db.knex, BATCH))) +
    (await purgePools())
  );
}

async function loop(deps: JobDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // Spread over the minute, so that processes started together do not sweep together.
    await sleep(EVERY_MS * (0.75 + Math.random() / 2), undefined, { signal, ref: false }).catch(
      () => undefined,
    );
    if (signal.aborted) return;
    try {
      await runJobs(deps);
    } catch (error) {
      if (!isDatabaseUnavailable(error)) deps.onError('housekeeping', error);
    }
  }
}
