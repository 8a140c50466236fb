import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EmbeddedDatabaseError } from './error.ts';

/** The account PostgreSQL runs as. Undefined in the functions below: that of this process. */
export type Account = { readonly name: string; readonly uid: number; readonly gid: number };

// PostgreSQL refuses to run as root. These exist already; none is ever created.
const CANDIDATES = ['postgres', 'nobody'];

/**
 * Gives undefined to an ordinary user. For root: the account that owns `clusterDir`, else `postgres`, else
 * `nobody`. Throws `EmbeddedDatabaseError` when there is none.
 */
export async function chooseAccount(clusterDir: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(clusterDir).catch(() => undefined);
  if (owner && owner.uid !== 0) return { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  const known = await readAccounts();
  const account = CANDIDATES.map((name) => known.get(name)).find((found) => found !== undefined);
  if (account) return account;
  throw new EmbeddedDatabaseError(
    'PostgreSQL refuses to run as root and there is neither an account "postgres" nor "nobody": start Weir as an ordinary user, or set DATABASE_URL',
  );
}

/** Throws `EmbeddedDatabaseError` naming the first directory above `path` that `account` may not enter. */
export async function requireReachable(path: string, account: Account | undefined): Promise<void> {
  if (!account) return;
  for (const directory of parents(path)) {
    const { mode, uid, gid } = await stat(directory);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) !== 0) continue;
    throw new EmbeddedDatabaseError(
      `PostgreSQL refuses to run as root, and the account "${account.name}" may not enter ${directory}, which holds ${path}: ` +
        'start Weir as an ordinary user, move it and its DATA_DIR (to /opt or /srv, for instance), or set DATABASE_URL',
    );
  }
}

function parents(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...parents(parent), parent];
}

async function readAccounts(): Promise<Map<string, Account>> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const entries = passwd.split('\n').map((line) => line.split(':'));
  return new Map(
    entries.map(([name = '', , uid, gid]) => [name, { name, uid: Number(uid), gid: Number(gid) }] as const),
  );
}
