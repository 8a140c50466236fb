import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Secrets } from './local_secrets.ts';
import type { Logger } from './observability/logger.ts';
import type { Shutdown } from './shutdown.ts';

/** What the first process tells the others, which share its port: by message, so that no secret is in an environment. */
export type WorkerOrders = { readonly databaseUrl: string; readonly secrets: Secrets };

const RESTART_DELAY_MS = 1_000;

/** Starts `count` processes that serve requests, replaces those that die, and registers how to stop them all. */
export async function startWorkers(
  count: number,
  orders: WorkerOrders,
  logger: Logger,
  shutdown: Shutdown,
): Promise<void> {
  const state = { stopping: false };
  const alive = new Set<Worker>();

  const start = async (): Promise<void> => {
    const worker = cluster.fork();
    alive.add(worker);
    const listening = once(worker, 'listening').then(() => true);
    const ended = once(worker, 'exit').then(() => false);
    worker.once('online', () => worker.send(orders));
    worker.once('exit', () => alive.delete(worker));
    if (!(await Promise.race([listening, ended])))
      throw new Error('A serving process ended before it could serve');
    worker.once('exit', () => void replace());
  };
  const replace = async (): Promise<void> => {
    while (!state.stopping) {
      logger.error('a serving process ended and is being replaced');
      await sleep(RESTART_DELAY_MS);
      try {
        if (!state.stopping) await start();
        return;
      } catch (err) {
        logger.error({ err }, 'the replacement did not start');
      }
    }
  };

  shutdown.onClose('serving processes', async () => {
    state.stopping = true;
    await Promise.all(
      [...alive].map(async (worker) => {
        const ended = once(worker, 'exit');
        worker.process.kill('SIGTERM');
        await ended;
      }),
    );
  });
  await Promise.all(Array.from({ length: count }, start));
}

/** Inside a serving process: waits for what the first process has prepared. */
export async function receiveOrders(): Promise<WorkerOrders> {
  const [orders] = (await once(process, 'message')) as [WorkerOrders];
  return orders;
}

/** True in a process that `startWorkers` made. */
export const isWorker = (): boolean => cluster.isWorker;
