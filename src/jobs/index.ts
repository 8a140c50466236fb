import { setTimeout as sleep } from 'node:timers/promises';
import { deleteExpiredCodes } from '../credentials/codes.ts';
import { sweepChallenges } from '../credentials/passkey_challenges_store.ts';
import { sweepDevices } from '../credentials/trusted_devices_store.ts';
import type { Database } from '../db/connection.ts';
import { isDatabaseUnavailable } from '../db/errors.ts';
import { deleteOldEvents } from '../events/audit_store.ts';
import { sweepMessages } from '../messages/worker_store.ts';
import type { Attempts } from '../security/attempts.ts';
import { sweepAnswers } from '../security/idempotency_store.ts';
import { sweepArtefacts } from '../sessions/sweep_store.ts';
import { sweepAddressChanges } from '../users/journeys/address_change_store.ts';

export type JobDeps = {
  readonly db: Database;
  readonly attempts: Attempts;
  readonly purgePools: () => Promise<number>;
  /** Rotates, publishes and retires signing keys. */
  readonly tendKeys?: () => Promise<number>;
  /** Carries on imports whose process has ended. */
  readonly carryOnImports?: () => Promise<number>;
  /** How long audit events are kept; 0 or absent: for ever. */
  readonly auditRetentionDays?: number;
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
  const { tendKeys } = deps;
  // Keys have a schedule to keep, and an import may take an hour.
  const running = Promise.all([
    loop(deps, 'housekeeping', () => runJobs(deps), stop.signal),
    ...(tendKeys === undefined ? [] : [loop(deps, 'keys', tendKeys, stop.signal)]),
  ]);
  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}

/** One round of everything; gives how many rows are gone. */
export async function runJobs({
  db,
  attempts,
  purgePools,
  carryOnImports = () => Promise.resolve(0),
  auditRetentionDays = 0,
}: Omit<JobDeps, 'onError' | 'tendKeys'>): Promise<number> {
  const forgetEvents = async () =>
    auditRetentionDays === 0 ? 0 : deleteOldEvents(db.knex, auditRetentionDays, BATCH);
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
    (await drained(() => deleteExpiredCodes(db.knex, BATCH))) +
    (await drained(() => sweepAddressChanges(db.knex, BATCH))) +
    (await drained(() => sweepAnswers(db.knex, BATCH))) +
    (await drained(() => sweepChallenges(db.knex, BATCH))) +
    (await drained(() => sweepDevices(db.knex, BATCH))) +
    (await drained(() => sweepMessages(db.knex, BATCH))) +
    (await drained(forgetEvents)) +
    (await purgePools()) +
    // Last: a long file takes its time.
    (await carryOnImports())
  );
}

async function loop(
  deps: JobDeps,
  name: string,
  work: () => Promise<number>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    // Spread over the minute, so that processes started together do not sweep together.
    await sleep(EVERY_MS * (0.75 + Math.random() / 2), undefined, { signal, ref: false }).catch(
      () => undefined,
    );
    if (signal.aborted) return;
    try {
      await work();
    } catch (error) {
      if (!isDatabaseUnavailable(error)) deps.onError(name, error);
    }
  }
}
