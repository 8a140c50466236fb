import { ConfigError, loadConfig, type Config } from '../config.ts';
import { openConfiguredDatabase, type OpenedDatabase } from '../open_database.ts';
import * as checks from './doctor_checks.ts';
import { failureLines } from './failure.ts';

/** `weir doctor`: prints one line a check. Gives the exit code: 1 when a check failed. */
export async function doctorCommand(): Promise<number> {
  const config = checkConfiguration();
  if (!config) return 1;

  const database = await checkDatabase(config);
  const results = [
    ...(database ? [await checks.migrations(database.db), await checks.keys(config, database.db)] : []),
    await checks.mail(config),
    ...(database ? [await checks.clock(database.db)] : []),
    await checks.publicUrl(config),
  ];
  for (const result of results) print(result);
  await database?.close();
  return database && results.every(({ status }) => status !== 'FAIL') ? 0 : 1;
}

function checkConfiguration(): Config | undefined {
  try {
    const { config, warnings } = loadConfig();
    const name = 'configuration';
    if (warnings.length === 0)
      print({ name, status: 'ok', text: `${config.env}, listens on ${config.host}:${config.port}` });
    for (const warning of warnings)
      print({ name, status: 'warn', text: warning, hint: 'rename or remove it' });
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const line of error.lines) {
      print({
        name: 'configuration',
        status: 'FAIL',
        text: line,
        hint: '.env.example describes every setting',
      });
    }
    return undefined;
  }
}

async function checkDatabase(config: Config): Promise<OpenedDatabase | undefined> {
  let database: OpenedDatabase | undefined;
  try {
    database = await openConfiguredDatabase(config, { share: true });
    print(await checks.database(database));
    return database;
  } catch (error) {
    const [text = ''] = failureLines(error);
    print({ name: 'database', status: 'FAIL', text, hint: 'the checks that need a database are left out' });
    await database?.close();
    return undefined;
  }
}

function print({ name, status, text, hint }: checks.Finding): void {
  console.log(`${status.padEnd(4)}  ${name.padEnd(13)}  ${text}${hint === undefined ? '' : `  -> ${hint}`}`);
}
