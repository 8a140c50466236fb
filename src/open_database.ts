import type { Config } from './config.ts';
import { openDatabase, type Database } from './db/connection.ts';
import { attachEmbedded, startEmbedded } from './db/embedded.ts';

export type OpenedDatabase = {
  readonly db: Database;
  /** Where the database comes from, for people. */
  readonly source: 'DATABASE_URL' | 'embedded';
  /** Closes the pool, and PostgreSQL itself when this call started it. */
  close(): Promise<void>;
};

/**
 * Opens the database of `config`: DATABASE_URL, or the embedded PostgreSQL. With `share`, for commands, a running
 * server's embedded PostgreSQL is used beside it; without, it is refused. Throws `EmbeddedDatabaseError`.
 */
export async function openConfiguredDatabase(
  config: Config,
  options: { share?: boolean; onWarning?: (message: string) => void } = {},
): Promise<OpenedDatabase> {
  const { onWarning = () => {} } = options;
  const open = (url: string) => openDatabase({ url, ...config.database, onWarning });
  if (config.databaseUrl !== undefined) {
    const db = open(config.databaseUrl);
    return { db, source: 'DATABASE_URL', close: () => db.close() };
  }
  const shared = options.share ? await attachEmbedded(config.dataDir) : undefined;
  if (shared !== undefined) {
    const db = open(shared);
    return { db, source: 'embedded', close: () => db.close() };
  }
  const embedded = await startEmbedded({ dataDir: config.dataDir, onWarning });
  const db = open(embedded.url);
  const close = async () => {
    await db.close();
    await embedded.stop();
  };
  return { db, source: 'embedded', close };
}
