import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, loadConfig, type Config } from '../config.ts';
import { openConfiguredDatabase } from '../open_database.ts';
import * as checks from './doctor_checks.ts';
import { failureLines } from './failure.ts';

type Finding = checks.Finding;

/** `weir doctor`: prints one line a finding. Gives the exit code: 1 when one of them is serious. */
export async function doctorCommand(): Promise<number> {
  let exitCode = 0;
  for await (const finding of examine()) {
    console.log(lineOf(finding));
    if (finding.status === 'FAIL') exitCode = 1;
  }
  return exitCode;
}

async function* examine(): AsyncGenerator<Finding> {
  let config: Config;
  try {
    const loaded = loadConfig();
    ({ config } = loaded);
    yield* checks.configuration(config, loaded.warnings);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const hint = '.env.example describes every setting';
    for (const text of error.lines) yield { name: 'configuration', status: 'FAIL', text, hint };
    return;
  }
  yield* examineDatabase(config);
  yield await checks.mail(config);
  yield await checks.texts(config);
  yield await checks.publicUrl(config);
}

async function* examineDatabase(config: Config): AsyncGenerator<Finding> {
  const name = 'database';
  if (config.databaseUrl === undefined && !existsSync(join(config.dataDir, 'postgres'))) {
    const text = 'the embedded PostgreSQL does not exist yet';
    yield { name, status: 'warn', text, hint: 'the first start creates it' };
    return;
  }
  try {
    const database = await openConfiguredDatabase(config, { share: true });
    try {
      yield await checks.database(database);
      yield await checks.migrations(database.db);
      yield await checks.keys(config, database.db);
      yield await checks.clock(database.db);
    } finally {
      await database.close();
    }
  } catch (error) {
    const [text = ''] = failureLines(error);
    yield { name, status: 'FAIL', text, hint: 'the remaining checks of the database are left out' };
  }
}

function lineOf({ name, status, text, hint }: Finding): string {
  return `${status.padEnd(4)}  ${name.padEnd(13)}  ${text}${hint === undefined ? '' : `  -> ${hint}`}`;
}
