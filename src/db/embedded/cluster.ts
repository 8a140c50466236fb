import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { createFileOnce, syncDirectory } from '../../durable_file.ts';
import type { Account } from './account.ts';
import { EmbeddedDatabaseError } from './error.ts';
import type { Binaries } from './package.ts';

/** The superuser of the embedded cluster and the database inside it. */
export const SUPERUSER = 'weir';
export const DATABASE = 'weir';

const MAJOR_VERSION = '18'; // pinned with the npm packages
const TEMPORARY = /^\.(new-cluster|password)-/;
const EVERY_CLUSTER_HAS = ['base', 'global', 'pg_wal', 'pg_xact', 'postgresql.conf', 'pg_hba.conf'];

/**
 * Says whether `clusterDir` holds a cluster that this version can open. Throws `EmbeddedDatabaseError` for
 * anything between "nothing there" and "usable": starting empty over it would hide or destroy what it holds.
 */
export async function clusterExists(clusterDir: string): Promise<boolean> {
  const names = await listDirectory(clusterDir);
  if (names === undefined || names.length === 0) return false;
  if (!names.includes('PG_VERSION')) throw damaged(clusterDir, 'PG_VERSION is missing');
  const version = (await readFile(join(clusterDir, 'PG_VERSION'), 'utf8')).trim();
  if (version !== MAJOR_VERSION) {
    throw new EmbeddedDatabaseError(
      `${clusterDir} was written by PostgreSQL ${version || '(unknown)'}, this Weir carries ${MAJOR_VERSION}: ` +
        `dump it with the Weir that wrote it, then import into a new DATA_DIR`,
    );
  }
  const missing = EVERY_CLUSTER_HAS.find((name) => !names.includes(name));
  if (missing) throw damaged(clusterDir, `${missing} is missing`);
  await stat(join(clusterDir, 'global', 'pg_control')).catch(() => {
    throw damaged(clusterDir, 'global/pg_control is missing');
  });
  return true;
}

/** Creates the cluster beside its final place and moves it there whole, so that a kill leaves nothing half-made. */
export async function createCluster(
  dataDir: string,
  clusterDir: string,
  binaries: Binaries,
  account: Account | undefined,
  password: string,
): Promise<void> {
  const suffix = randomBytes(6).toString('hex');
  const temporary = join(dataDir, `.new-cluster-${suffix}`);
  const passwordFile = join(dataDir, `.password-${suffix}`);
  try {
    await mkdir(temporary, { mode: 0o700 });
    await writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' });
    if (account) for (const path of [temporary, passwordFile]) await chown(path, account.uid, account.gid);
    await runInitdb(binaries.initdb, temporary, passwordFile, account);
    await rename(temporary, clusterDir);
    await syncDirectory(dataDir);
  } finally {
    await rm(temporary, { recursive: true, force: true });
    await rm(passwordFile, { force: true });
  }
}

/** Removes what a killed first start left beside the cluster. The caller owns `dataDir`. */
export async function removeLeftovers(dataDir: string): Promise<void> {
  // Retries: an initdb whose Weir was killed runs on until it misses its first file.
  const options = { recursive: true, force: true, maxRetries: 20, retryDelay: 50 };
  for (const name of await readdir(dataDir)) {
    if (TEMPORARY.test(name)) await rm(join(dataDir, name), options);
  }
}

/** The superuser's password: made on the first start, kept readable by the owner of `dataDir` only. */
export async function clusterPassword(dataDir: string, mayCreate: boolean): Promise<string> {
  const file = join(dataDir, 'postgres.password');
  if (mayCreate) await createFileOnce(file, randomBytes(24).toString('base64url'));
  const password = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new EmbeddedDatabaseError(
      `${file} cannot be read (${error.code}), and the database does not open without it: restore it from a backup of DATA_DIR`,
    );
  });
  if (!/^[\w-]{20,}$/.test(password)) {
    throw new EmbeddedDatabaseError(`${file} is damaged: restore it from a backup of DATA_DIR`);
  }
  return password;
}

/** Creates `dataDir` and lets `account` pass through it; the files inside protect themselves. Gives its real path. */
export async function prepareDataDir(dataDir: string, account: Account | undefined): Promise<string> {
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    const { mode } = await stat(dataDir);
    if (account && (mode & 0o111) !== 0o111) await chmod(dataDir, mode | 0o111);
    return await realpath(dataDir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new EmbeddedDatabaseError(
      `The data directory ${dataDir} cannot be used (${code}): start Weir as the account it belongs to, or set DATA_DIR to another place`,
    );
  }
}

async function listDirectory(directory: string): Promise<string[] | undefined> {
  try {
    return await readdir(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new EmbeddedDatabaseError(
      `${directory} cannot be read (${code}): start Weir as the account that created it, or set DATA_DIR to another place`,
    );
  }
}

function damaged(clusterDir: string, what: string): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `${clusterDir} is damaged (${what}) and is left untouched: restore it from a backup, or move it away to start empty`,
  );
}

async function runInitdb(
  initdb: string,
  directory: string,
  passwordFile: string,
  account: Account | undefined,
): Promise<void> {
  const child = spawn(
    initdb,
    [
      `--pgdata=${directory}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8', // the same order and case rules on every platform
      '--no-instructions',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: postgresEnvironment, cwd: '/', ...identityOf(account) },
  );
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const failure = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(`it does not start (${error.code})`));
    child.once('close', (code) => resolve(code === 0 ? undefined : lastLine(output)));
  });
  if (failure !== undefined) {
    throw new EmbeddedDatabaseError(`PostgreSQL could not create its database in ${directory}: ${failure}`);
  }
}

/** All that PostgreSQL gets to see of the environment: no setting and no secret of Weir. */
export const postgresEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** Spawn options that make a child run as `account`. */
export function identityOf(account: Account | undefined): { uid?: number; gid?: number } {
  return account ? { uid: account.uid, gid: account.gid } : {};
}

function lastLine(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /error|fatal/i.test(line)) ?? lines.at(-1) ?? 'no reason given';
}
