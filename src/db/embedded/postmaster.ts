import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './account.ts';
import { identityOf, postgresEnvironment } from './cluster.ts';
import { EmbeddedDatabaseError } from './error.ts';
import { clusterProcesses, processIdentity } from './process_identity.ts';

const PID_FILE = 'postmaster.pid';
const LOG_MAX_BYTES = 10 * 1024 * 1024;
const POLL_MS = 20;
const FAST_SHUTDOWN_MS = 15_000;
const IMMEDIATE_SHUTDOWN_MS = 5_000;

// For a laptop or a small machine; a large installation has a PostgreSQL of its own.
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '64MB',
  max_wal_size: '256MB',
  io_method: 'sync', // saves the processes of the default
  jit: 'off',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
};

/** Where a cluster is and how it is run. */
export type Place = {
  readonly postgres: string;
  readonly clusterDir: string;
  readonly logFile: string;
  readonly account: Account | undefined;
  readonly settings: Readonly<Record<string, string>>;
};

/** Starts PostgreSQL on `port`. Gives the process at once, before it accepts connections. */
export async function spawnPostmaster(place: Place, port: number): Promise<ChildProcess> {
  const { postgres, clusterDir, logFile, account } = place;
  await rotateLog(logFile);
  const log = await open(logFile, 'a', 0o600);
  try {
    const settings = Object.entries({ ...SETTINGS, ...place.settings, port: String(port) }).flatMap(
      ([name, value]) => ['-c', `${name}=${value}`],
    );
    const child = spawn(postgres, ['-D', clusterDir, ...settings], {
      stdio: ['ignore', log.fd, log.fd],
      env: postgresEnvironment,
      cwd: clusterDir,
      // A group of its own: Ctrl-C in a terminal must reach Weir only, which drains before PostgreSQL stops.
      detached: true,
      ...identityOf(account),
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child;
  } catch (error) {
    throw new EmbeddedDatabaseError(
      `The embedded PostgreSQL does not start (${(error as NodeJS.ErrnoException).code}): set DATABASE_URL to a PostgreSQL of yours`,
    );
  } finally {
    await log.close();
  }
}

/**
 * Stops the PostgreSQL that a killed Weir left running on `clusterDir`, so that the caller, who owns the data
 * directory, can start its own. What was committed stays: it is a shutdown, at worst an immediate one.
 */
export async function stopOrphan(clusterDir: string): Promise<void> {
  const pid = Number((await readPidFile(clusterDir))[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  if (clusterProcesses(clusterDir, pid).includes(pid)) await shutDown(pid);
  // Its children outlive a killed postmaster for a moment, and must not write beside a new one.
  const deadline = Date.now() + IMMEDIATE_SHUTDOWN_MS;
  while (clusterProcesses(clusterDir, pid).length > 0) {
    if (Date.now() > deadline) {
      throw new EmbeddedDatabaseError(
        `Processes of an earlier PostgreSQL still use ${clusterDir}: end them first`,
      );
    }
    await sleep(POLL_MS);
  }
  // The number may be another program's by now, or a dead process nobody collects (a container without init):
  // PostgreSQL would take both for its living predecessor.
  await rm(join(clusterDir, PID_FILE), { force: true });
}

/** The port of the PostgreSQL on `clusterDir`, or undefined while there is none. */
export async function readPort(clusterDir: string): Promise<number | undefined> {
  const port = Number((await readPidFile(clusterDir))[3]);
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

// https://www.postgresql.org/docs/current/storage-file-layout.html: process, directory, start time, port, ...
async function readPidFile(clusterDir: string): Promise<string[]> {
  const text = await readFile(join(clusterDir, PID_FILE), 'utf8').catch(() => '');
  return text.split('\n');
}

/** Ends the PostgreSQL `pid` fast and waits until it is gone; immediately when that takes too long. */
export async function shutDown(pid: number, identity = processIdentity(pid)): Promise<void> {
  signal(pid, 'SIGINT'); // fast shutdown: rolls open transactions back, writes a checkpoint
  if (await gone(pid, identity, FAST_SHUTDOWN_MS)) return;
  signal(pid, 'SIGQUIT'); // immediate shutdown: the next start recovers from the log
  if (await gone(pid, identity, IMMEDIATE_SHUTDOWN_MS)) return;
  signal(pid, 'SIGKILL'); // it hangs; what it has committed is in its log all the same
  if (await gone(pid, identity, IMMEDIATE_SHUTDOWN_MS)) return;
  throw new EmbeddedDatabaseError(`PostgreSQL (process ${pid}) does not stop: end it, then start again`);
}

/** Sends a signal to a process that may be gone. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The last complaint in PostgreSQL's log since `offset`, for the operator. */
export async function lastComplaint(logFile: string, offset: number): Promise<string> {
  const log = (await readFile(logFile).catch(() => Buffer.alloc(0))).subarray(offset).toString();
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const complaint = lines.findLast((line) => /FATAL|PANIC|error while loading/.test(line)) ?? lines.at(-1);
  return complaint?.replace(/^.*?(?=FATAL|PANIC)/, '') ?? 'no reason given';
}

export async function logSize(logFile: string): Promise<number> {
  return (await stat(logFile).catch(() => ({ size: 0 }))).size;
}

async function rotateLog(logFile: string): Promise<void> {
  if ((await logSize(logFile)) > LOG_MAX_BYTES) await rename(logFile, `${logFile}.1`);
}

async function gone(pid: number, identity: string | undefined, timeoutMs: number): Promise<boolean> {
  if (identity === undefined) return true;
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (processIdentity(pid) !== identity) return true;
    await sleep(POLL_MS);
  }
  return false;
}
