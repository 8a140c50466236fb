import type { ChildProcess } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { isDatabaseUnavailable } from './errors.ts';
import { chooseAccount, requireReachable } from './embedded/account.ts';
import * as cluster from './embedded/cluster.ts';
import { EmbeddedDatabaseError } from './embedded/error.ts';
import { acquireOwnerLock, hasLivingOwner } from './embedded/owner_lock.ts';
import { findBinaries } from './embedded/package.ts';
import {
  lastComplaint,
  logSize,
  readPort,
  shutDown,
  signal,
  spawnPostmaster,
  stopOrphan,
  type Place,
} from './embedded/postmaster.ts';

export { EmbeddedDatabaseError } from './embedded/error.ts';

export type EmbeddedDatabase = {
  /** With the password: never to be logged. */
  readonly url: string;
  /** This call created the database. */
  readonly firstStart: boolean;
  /** Ends PostgreSQL in order and gives the data directory free. */
  stop(): Promise<void>;
};

export type EmbeddedOptions = {
  readonly dataDir: string;
  /** The npm package with PostgreSQL. Default: that of this platform. */
  readonly packageName?: string;
  /** PostgreSQL settings over our own, for tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Told when PostgreSQL ended by itself and is being started again. */
  readonly onWarning?: (message: string) => void;
};

type ProtectedPlace = Place & { readonly password: string };

// Recovery after a crash may have to replay max_wal_size.
const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 25;
const PORT_ATTEMPTS = 3;
const RESTART_DELAY_MS = 500;

/**
 * Starts the PostgreSQL that comes with npm in `dataDir` and waits until it answers. Creates the database on the
 * first call; after a crash takes over what the dead owner left. Throws `EmbeddedDatabaseError` with an
 * operator's next step, and then leaves nothing running.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const binaries = await findBinaries(options.packageName);
  const account = await chooseAccount(join(options.dataDir, 'postgres'));
  const dataDir = await cluster.prepareDataDir(options.dataDir, account);
  const clusterDir = join(dataDir, 'postgres');
  await requireReachable(binaries.postgres, account);
  await requireReachable(clusterDir, account);

  const lock = await acquireOwnerLock(dataDir);
  try {
    await cluster.removeLeftovers(dataDir);
    const firstStart = !(await cluster.clusterExists(clusterDir));
    const password = await cluster.clusterPassword(dataDir, firstStart);
    if (firstStart) await cluster.createCluster(dataDir, clusterDir, binaries, account, password);
    else await stopOrphan(clusterDir);
    const logFile = join(dataDir, 'postgres.log');
    const { postgres } = binaries;
    const place = { postgres, account, clusterDir, logFile, password, settings: options.settings ?? {} };
    const running = await startOnFreePort(place);
    const supervised = supervise(place, running, options.onWarning);
    return {
      url: databaseUrl(place, running.port, cluster.DATABASE),
      firstStart,
      stop: async () => {
        await supervised.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * The URL of the embedded PostgreSQL that a living Weir runs in `dataDir`, or undefined when none does. For commands
 * of the operator beside the server.
 */
export async function attachEmbedded(dataDir: string): Promise<string | undefined> {
  const place = await realpath(dataDir).catch(() => undefined);
  if (place === undefined || !(await hasLivingOwner(place))) return undefined;
  const port = await readPort(join(place, 'postgres'));
  if (port === undefined) return undefined;
  return databaseUrl({ password: await cluster.clusterPassword(place, false) }, port, cluster.DATABASE);
}

type Running = { readonly child: ChildProcess; readonly port: number };

async function startOnFreePort(place: ProtectedPlace): Promise<Running> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { child: await startAndWait(place, port), port };
    } catch (error) {
      // Another program may take the port between our look and PostgreSQL's.
      const taken =
        error instanceof EmbeddedDatabaseError && /could not bind|create any TCP/.test(error.message);
      if (!taken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function startAndWait(place: ProtectedPlace, port: number): Promise<ChildProcess> {
  const logStart = await logSize(place.logFile);
  const child = await spawnPostmaster(place, port);
  try {
    await waitUntilReady(place, port, child, logStart);
    await createDatabase(place, port);
    return child;
  } catch (error) {
    if (!hasEnded(child)) await shutDown(child.pid as number);
    throw error;
  }
}

async function waitUntilReady(
  place: ProtectedPlace,
  port: number,
  child: ChildProcess,
  logStart: number,
): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await answers(place, port))) {
    if (hasEnded(child)) {
      const complaint = await lastComplaint(place.logFile, logStart);
      throw new EmbeddedDatabaseError(
        `The embedded PostgreSQL did not start: ${complaint} (see ${place.logFile})`,
      );
    }
    if (Date.now() > deadline) {
      throw new EmbeddedDatabaseError(
        `The embedded PostgreSQL was not ready after ${READY_TIMEOUT_MS / 1000} s: see ${place.logFile}`,
      );
    }
    await sleep(READY_POLL_MS);
  }
}

async function answers(place: ProtectedPlace, port: number): Promise<boolean> {
  try {
    await query(place, port, 'select 1');
    return true;
  } catch (error) {
    if (isDatabaseUnavailable(error)) return false;
    throw new EmbeddedDatabaseError(
      `The embedded PostgreSQL in ${place.clusterDir} refuses its password: restore ${place.clusterDir} and postgres.password together from one backup`,
    );
  }
}

async function createDatabase(place: ProtectedPlace, port: number): Promise<void> {
  const rows = await query(place, port, `select 1 from pg_database where datname = '${cluster.DATABASE}'`);
  if (rows.length === 0) await query(place, port, `create database ${cluster.DATABASE}`);
}

async function query(place: ProtectedPlace, port: number, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: databaseUrl(place, port, 'postgres') });
  client.on('error', () => {}); // the query itself reports what happened
  try {
    await client.connect();
    return (await client.query<object>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Starts PostgreSQL again, on its port, whenever it ends without having been told to. */
function supervise(place: ProtectedPlace, first: Running, onWarning: EmbeddedOptions['onWarning']) {
  let { child } = first;
  const state = { stopping: false };
  let restart: Promise<void> | undefined;

  const watch = () => {
    child.unref();
    child.once('exit', () => {
      if (!state.stopping) restart = startAgain();
    });
    // It may have ended before anyone listened.
    if (hasEnded(child) && !state.stopping && !restart) restart = startAgain();
  };
  const startAgain = async () => {
    onWarning?.('The embedded PostgreSQL ended unexpectedly and is being started again');
    while (!state.stopping) {
      try {
        child = await startAndWait(place, first.port);
        restart = undefined;
        watch();
        return;
      } catch (error) {
        onWarning?.((error as Error).message);
        await sleep(RESTART_DELAY_MS);
      }
    }
  };
  // A process that ends in haste must not leave PostgreSQL behind.
  const onExit = () => signal(child.pid as number, 'SIGINT');
  process.once('exit', onExit);
  watch();

  return {
    async stop(): Promise<void> {
      state.stopping = true;
      await restart;
      if (!hasEnded(child)) await shutDown(child.pid as number);
      process.removeListener('exit', onExit);
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function databaseUrl(place: Pick<ProtectedPlace, 'password'>, port: number, database: string): string {
  return `postgres://${cluster.SUPERUSER}:${place.password}@127.0.0.1:${port}/${database}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
