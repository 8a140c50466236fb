import { bootstrap } from './bootstrap.ts';
import type { Config } from './config.ts';
import { openDatabase, type Database } from './db/connection.ts';
import { migrate } from './db/migrate.ts';
import { startDemo } from './demo/index.ts';
import { DEMO_CLIENT_SECRET } from './installation/demo.ts';
import { resolveSecrets, type Secrets } from './local_secrets.ts';
import type { Health } from './observability/health.ts';
import { createLogger, type Logger } from './observability/logger.ts';
import { openConfiguredDatabase } from './open_database.ts';
import { createShutdown, onStopSignals, type Shutdown } from './shutdown.ts';
import {
  credentialRows,
  demoIssuer,
  hasAny,
  startSummary,
  type GeneratedCredentials,
} from './start_summary.ts';
import { startWebServer } from './web_server.ts';
import { isWorker, receiveOrders, startWorkers } from './workers.ts';

/**
 * Runs the server: configuration, database, migrations, first start, listening. Resolves when it listens; the
 * process then ends by SIGTERM, SIGINT or SIGHUP (a closed terminal). Rejects, with everything closed again, when it cannot start.
 */
export async function run(config: Config, warnings: readonly string[] = []): Promise<void> {
  const logger = createLogger({ level: config.logLevel, production: config.env === 'production' });
  endOnBugs(logger);
  const shutdown = createShutdown((name, err) => logger.error({ err }, `closing ${name} failed`));
  const starting = isWorker()
    ? serveAsWorker(config, logger, shutdown)
    : start(config, warnings, logger, shutdown);

  const stop = async (reason: string) => {
    // What is half-started is finished first: only then everything that runs is known.
    const health = await starting.catch(() => undefined);
    health?.drain();
    logger.info({ reason }, 'stopping');
    const { failed } = await shutdown.close();
    logger.info('stopped');
    process.exit(failed ? 1 : 0);
  };
  const force = () => process.exit(1);
  if (isWorker()) {
    // Ctrl-C reaches every process of a terminal: a worker waits for the first process to say so.
    for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
    process.once('disconnect', () => void stop('the first process is gone'));
  }
  onStopSignals(
    isWorker() ? ['SIGTERM'] : ['SIGTERM', 'SIGINT', 'SIGHUP'],
    (signal) => void stop(signal),
    force,
  );

  try {
    await starting;
  } catch (error) {
    await shutdown.close();
    throw error;
  }
}

async function start(
  config: Config,
  warnings: readonly string[],
  logger: Logger,
  shutdown: Shutdown,
): Promise<Health | undefined> {
  for (const warning of warnings) logger.warn(warning);
  const onWarning = (message: string) => logger.warn(message);
  const database = await openConfiguredDatabase(config, { onWarning });
  shutdown.onClose('the database', () => database.close());
  const { db } = database;
  await migrate(db, { onWarning });
  const secrets = await resolveSecrets(config);
  const { credentials } = await bootstrap({ config, secrets, db });
  try {
    return await serve(config, { db, secrets, logger, credentials }, shutdown);
  } catch (error) {
    // Made, and known to nobody: they must not be lost because a port was taken.
    if (hasAny(credentials)) process.stderr.write(`${credentialRows(config, credentials).join('\n')}\n`);
    throw error;
  }
}

type Running = {
  readonly db: Database;
  readonly secrets: Secrets;
  readonly logger: Logger;
  readonly credentials: GeneratedCredentials | undefined;
};

async function serve(
  config: Config,
  { db, secrets, logger, credentials }: Running,
  shutdown: Shutdown,
): Promise<Health | undefined> {
  const single = config.webConcurrency === 1;
  const health = single ? await startWebServer({ config, secrets, db, logger }, shutdown) : undefined;
  if (!single)
    await startWorkers(config.webConcurrency, { databaseUrl: db.options.url, secrets }, logger, shutdown);

  const demoUrl = config.env === 'production' ? undefined : await serveDemo(config, logger, shutdown);

  // performance.now() counts from the start of the process: what a person waited.
  const summary = startSummary(config, performance.now(), demoUrl, credentials);
  // In production standard output holds the log and nothing else; credentials still have to be seen once.
  if (config.env !== 'production') process.stdout.write(summary);
  else if (hasAny(credentials)) process.stderr.write(summary);
  return health;
}

/** Starts the demo application and gives its address; without it the server is as good. */
async function serveDemo(config: Config, logger: Logger, shutdown: Shutdown): Promise<string | undefined> {
  const { confidential_client: client, person } = config.bootstrap.description.demo;
  if (config.demoPort === 0) return undefined;
  try {
    const demo = await startDemo({
      issuer: demoIssuer(config),
      clientId: client.id,
      clientSecret: DEMO_CLIENT_SECRET,
      port: config.demoPort,
      host: config.host,
      person,
      onWarning: (message, err) => logger.warn({ err }, message),
    });
    shutdown.onClose('the demo application', () => demo.close());
    return demo.url;
  } catch (err) {
    logger.warn(
      { err },
      `the demo application cannot listen on port ${config.demoPort}; DEMO_PORT sets another`,
    );
    return undefined;
  }
}

async function serveAsWorker(config: Config, logger: Logger, shutdown: Shutdown): Promise<Health> {
  const { databaseUrl, secrets } = await receiveOrders();
  const onWarning = (message: string) => logger.warn(message);
  const db = openDatabase({ url: databaseUrl, ...config.database, onWarning });
  shutdown.onClose('the database', () => db.close());
  return await startWebServer({ config, secrets, db, logger }, shutdown);
}

/** After an error nobody caught the state is unknown: the process ends, and whoever runs it starts a new one. */
function endOnBugs(logger: Logger): void {
  const end = (err: unknown) => {
    logger.fatal({ err }, 'uncaught error');
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}
