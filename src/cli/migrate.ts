import type { Config } from '../config.ts';
import { migrate, pendingMigrations } from '../db/migrate.ts';
import { openConfiguredDatabase } from '../open_database.ts';

/** `weir migrate`: runs what is pending, or with `listOnly` only names it. */
export async function migrateCommand(config: Config, listOnly: boolean): Promise<void> {
  const database = await openConfiguredDatabase(config, { share: true });
  try {
    const names = listOnly
      ? await pendingMigrations(database.db)
      : await migrate(database.db, { onWarning: (message) => console.error(`weir: ${message}`) });
    for (const name of names) console.log(`${listOnly ? 'pending ' : 'ran'} ${name}`);
    if (names.length === 0) console.log('The schema is up to date.');
  } finally {
    await database.close();
  }
}
