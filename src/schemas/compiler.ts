import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { tooManyTries } from '../domain_error.ts';
import type { CompileJob, CompileOutcome } from './compile_worker.ts';

/** Far more than the largest schema that the other limits let through needs. */
const TIME_LIMIT_MS = 5_000;
const MAX_HEAP_MB = 128;
const MAX_YOUNG_HEAP_MB = 16;
/** A worker with nothing to do gives its memory back. */
const IDLE_MS = 10_000;
/** Compilations that may wait for their turn; some milliseconds each. */
const MAX_WAITING = 100;
const RETRY_AFTER_SECONDS = 5;

let worker: Worker | undefined;
let idle: NodeJS.Timeout | undefined;
let waiting = 0;
let last: Promise<unknown> = Promise.resolve();

/**
 * Compiles a schema in a thread of its own, one at a time, and gives the validator's code. Nothing else stops
 * meanwhile; a compilation that takes too long or too much memory ends with its thread and is an issue with the
 * schema. Throws `DomainError` (429) when too many wait.
 */
export async function compile(job: CompileJob): Promise<CompileOutcome> {
  if (waiting >= MAX_WAITING) throw tooManyTries(RETRY_AFTER_SECONDS);
  waiting += 1;
  const turn = last.then(() => runJob(job));
  last = turn.catch(() => undefined);
  try {
    return await turn;
  } finally {
    waiting -= 1;
  }
}

async function runJob(job: CompileJob): Promise<CompileOutcome> {
  clearTimeout(idle);
  const mine = (worker ??= startWorker());
  mine.ref();
  const limit = AbortSignal.timeout(TIME_LIMIT_MS);
  try {
    const answered = once(mine, 'message', { signal: limit });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    mine.postMessage(job);
    const [outcome] = (await answered) as [CompileOutcome];
    return outcome;
  } catch (error) {
    void endWorker();
    const outOfMemory = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
    if (!limit.aborted && !outOfMemory) throw new Error('A schema could not be compiled', { cause: error });
    return { issues: [{ pointer: '', message: 'takes too long to compile' }] };
  } finally {
    mine.unref();
    idle = setTimeout(() => void endWorker(), IDLE_MS).unref();
  }
}

function startWorker(): Worker {
  const started = new Worker(new URL('./compile_worker.ts', import.meta.url), {
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: MAX_YOUNG_HEAP_MB },
  });
  // Whoever waits for it hears of it; with nobody waiting it must not end the process.
  return started.on('error', () => {
    if (worker === started) worker = undefined;
  });
}

async function endWorker(): Promise<void> {
  const ending = worker;
  worker = undefined;
  await ending?.terminate();
}
