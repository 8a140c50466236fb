import type { Config } from '../config.ts';
import type { Database } from '../db/connection.ts';
import { pendingMigrations } from '../db/migrate.ts';
import { invalid } from '../domain_error.ts';
import { resolveSecrets, type Secrets } from '../local_secrets.ts';
import { openConfiguredDatabase } from '../open_database.ts';
import type { Sealer } from '../security/seal.ts';
import { loadSealer } from '../security/wrapped_keys.ts';

export type OperatorDeps = {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly db: Database;
  readonly sealer: Sealer;
};

/** Runs a command of the operator on the database, beside a running server or without one, and closes everything. */
export async function asOperator<T>(config: Config, work: (deps: OperatorDeps) => Promise<T>): Promise<T> {
  const database = await openConfiguredDatabase(config, { share: true });
  try {
    const pending = await pendingMigrations(database.db);
    if (pending.length > 0) {
      throw invalid('database', 'the schema is not up to date, run "weir migrate" or start the server first');
    }
    const secrets = await resolveSecrets(config);
    const sealer = await loadSealer(database.db.knex, secrets.masterKeys);
    return await work({ config, secrets, db: database.db, sealer });
  } finally {
    await database.close();
  }
}
