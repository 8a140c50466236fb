import type { Health } from './observability/health.ts';
import { createHealth } from './observability/health.ts';
import { createHttpServer, drainHttpServer, listen } from './http_server.ts';
import { createServer, type ServerDeps } from './server.ts';
import type { Shutdown } from './shutdown.ts';

// Orchestrators kill after 30 s by default; database and PostgreSQL need some of them.
const DRAIN_TIMEOUT_MS = 10_000;

/** Composes the application and listens. What has to be closed is registered with `shutdown`. */
export async function startWebServer(deps: Omit<ServerDeps, 'health'>, shutdown: Shutdown): Promise<Health> {
  const { config, db, logger } = deps;
  const health = createHealth(db);
  const server = await createServer({ ...deps, health });
  shutdown.onClose('the application', () => server.close());

  const http = createHttpServer(server.callback());
  shutdown.onClose('connections', async () => {
    const finished = await drainHttpServer(http, DRAIN_TIMEOUT_MS);
    if (!finished) logger.warn('requests were still running and have been cut off');
  });
  const port = await listen(http, config.port, config.host);
  health.started();
  logger.info({ host: config.host, port }, 'listening');
  return health;
}
