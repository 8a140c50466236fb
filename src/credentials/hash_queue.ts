import { availableParallelism } from 'node:os';
import { decoyHash, verifyPassword, type PasswordMethod } from './hashers/index.ts';

export type HashQueueOptions = {
  /** Processes that share this machine's cores. */
  webConcurrency?: number;
  /** Cores of the machine; given only by tests. */
  cores?: number;
};

export type HashQueueCounters = {
  /** Checks at work now. */
  running: number;
  /** Callers waiting for a permit now, the low lane not included. */
  waiting: number;
  waitingLow: number;
  /** Callers of expensive checks, the one at work included. */
  expensive: number;
  /** Calls turned away since the start, both lanes. */
  refused: number;
  /** Checks begun since the start, both lanes. */
  total: number;
};

export type HashQueue = {
  /**
   * Runs one hash or check as soon as a core is free, first come first served. Throws {@link HashQueueFull}.
   * @param source where the request comes from: one address may not fill the line alone.
   */
  run<T>(work: () => Promise<T>, source?: string): Promise<T>;
  /**
   * The same for a check that takes many times as long, as an imported hash may: one at a time, so that whoever
   * brought such hashes along waits for themselves, while everybody else has the other cores.
   */
  runExpensive<T>(work: () => Promise<T>, source?: string): Promise<T>;
  /** The same for work nobody waits for (a new hash after a sign-in): only when no one else is waiting. */
  runLow<T>(work: () => Promise<T>): Promise<T>;
  /**
   * The work of one check that cannot succeed, for a person who does not exist.
   * @param method the pool's: what a check of its people costs.
   */
  verifyDecoy(password: string, source?: string, method?: PasswordMethod): Promise<false>;
  counters(): HashQueueCounters;
};

/** There is more to hash than the machine can do in an acceptable time. Answer 503 with `Retry-After`. */
export class HashQueueFull extends Error {
  override name = 'HashQueueFull';
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super('Too many passwords are being checked at the moment');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

// A person gives up, or tries again and makes it worse, when a sign-in takes much longer.
const MAX_WAIT_MS = 2000;
const MAX_WAITING = 50;
// An office behind one address still finds room; a flood from one leaves room for everybody else.
const MAX_WAITING_PER_SOURCE = 20;
// Seconds each.
const MAX_EXPENSIVE = 5;
// An argon2id check with the current parameters on an ordinary core; replaced by what is measured.
const FIRST_ESTIMATE_MS = 40;
const EWMA_WEIGHT = 0.1;

type Waiter = { readonly start: () => void; readonly source: string | undefined };

/**
 * Lets as many hashes run as this process has cores. More at once would be no faster, and would take the
 * libuv threads that sign tokens; a longer queue would only make everyone wait in vain.
 */
export function createHashQueue({
  webConcurrency = 1,
  cores = availableParallelism(),
}: HashQueueOptions = {}): HashQueue {
  const permits = Math.max(1, Math.floor(cores / webConcurrency));
  const waiting: Waiter[] = [];
  const waitingLow: Waiter[] = [];
  let running = 0;
  let expensive = 0;
  let lastExpensive: Promise<unknown> = Promise.resolve();
  let refused = 0;
  let total = 0;
  let checkMs = FIRST_ESTIMATE_MS;

  /** The wait of one more caller: everyone before it in line, at the pace of the last checks. */
  function expectedWaitMs(): number {
    return running < permits ? 0 : ((waiting.length + 1) * checkMs) / permits;
  }

  function refuse(): HashQueueFull {
    refused += 1;
    return new HashQueueFull(Math.max(1, Math.ceil(expectedWaitMs() / 1000)));
  }

  function startNext(): void {
    while (running < permits) {
      const next = waiting.shift() ?? waitingLow.shift();
      if (next === undefined) return;
      running += 1;
      next.start();
    }
  }

  async function runIn<T>(
    lane: Waiter[],
    work: () => Promise<T>,
    { source, setsPace = true }: { source?: string | undefined; setsPace?: boolean } = {},
  ): Promise<T> {
    await new Promise<void>((start) => {
      lane.push({ start, source });
      startNext();
    });
    total += 1;
    const startedAt = performance.now();
    // The permit comes back when the work ends: a caller who has gone away does not make a core free.
    try {
      return await work();
    } finally {
      if (setsPace) checkMs += EWMA_WEIGHT * (performance.now() - startedAt - checkMs);
      running -= 1;
      startNext();
    }
  }

  const waitingFrom = (source: string) => waiting.filter((waiter) => waiter.source === source).length;

  async function run<T>(work: () => Promise<T>, source?: string, setsPace = true): Promise<T> {
    if (waiting.length >= MAX_WAITING || expectedWaitMs() > MAX_WAIT_MS) throw refuse();
    if (source !== undefined && waitingFrom(source) >= MAX_WAITING_PER_SOURCE) throw refuse();
    return runIn(waiting, work, { source, setsPace });
  }

  return {
    run: (work, source) => run(work, source),

    async runExpensive(work, source) {
      if (expensive >= MAX_EXPENSIVE) throw refuse();
      expensive += 1;
      // Joins the line only when it is its turn, and does not make the line look slower than it is.
      const turn = lastExpensive.then(() => run(work, source, false));
      lastExpensive = turn.catch(() => undefined);
      try {
        return await turn;
      } finally {
        expensive -= 1;
      }
    },

    async runLow(work) {
      if (waitingLow.length >= MAX_WAITING) throw refuse();
      return runIn(waitingLow, work);
    },

    async verifyDecoy(password, source, method) {
      await run(() => verifyPassword(password, decoyHash(method)), source);
      return false;
    },

    counters: () => ({
      running,
      waiting: waiting.length,
      waitingLow: waitingLow.length,
      expensive,
      refused,
      total,
    }),
  };
}
