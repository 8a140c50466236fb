import { createServer as createNetServer } from 'node:net';
import type { Server as HttpServer } from 'node:http';
import { inject } from 'vitest';
import { bootstrap, type BootstrapResult } from '../../src/bootstrap.ts';
import type { Config } from '../../src/config.ts';
import { createHashQueue } from '../../src/credentials/hash_queue.ts';
import { createDomain, type Domain } from '../../src/domain.ts';
import { createHttpServer, drainHttpServer, listen } from '../../src/http_server.ts';
import { createHealth } from '../../src/observability/health.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { createWays } from '../../src/messages/transports/ways.ts';
import { createAttempts } from '../../src/security/attempts.ts';
import { loadSealer } from '../../src/security/wrapped_keys.ts';
import { createServer, type Server } from '../../src/server.ts';
import { ConfigBus } from '../../src/workspaces/config_change.ts';
import { testConfig } from './config.ts';
import { createStartedDatabase, type TestDatabase } from './database.ts';

export type TestServer = TestDatabase & {
  readonly config: Config;
  readonly publicUrl: string;
  readonly port: number;
  readonly server: Server;
  readonly http: HttpServer;
  /** The domain as another process would use it: its changes reach the server by notification only. */
  readonly elsewhere: Domain;
  readonly credentials: BootstrapResult['credentials'];
  /** A demo workspace's issuer. */
  readonly issuer: string;
  stop(): Promise<void>;
};

/**
 * A whole server, with what a first start creates, on a database and a port of its own. Stop it in `afterAll`. With
 * a database that is given, it is what another start there would be.
 */
export async function startTestServer(
  env: Record<string, string> = {},
  given?: TestDatabase,
): Promise<TestServer> {
  const database = given ?? (await createStartedDatabase({ poolMax: 12 }));
  const port = await freePort();
  const config = testConfig({ PORT: String(port), PUBLIC_URL: `http://localhost:${port}`, ...env });
  const secrets = { masterKeys: config.masterKeys, cookieKeys: config.cookieKeys };
  const { db } = database;
  const logger = createLogger({ level: config.logLevel, production: true });
  // The first start was made once for all; what remains is what every later start does.
  await bootstrap({ config, db, secrets });
  const health = createHealth(db);
  const server = await createServer({ config, secrets, db, logger, health });
  const http = createHttpServer(server.callback());
  await listen(http, port, config.host);
  health.started();
  const hashQueue = createHashQueue();
  const sealer = await loadSealer(db.knex, config.masterKeys);
  return {
    ...database,
    config,
    port,
    publicUrl: config.publicUrl,
    server,
    http,
    credentials: inject('firstCredentials'),
    elsewhere: createDomain({
      db,
      bus: new ConfigBus(),
      sealer,
      hashQueue,
      attempts: createAttempts(sealer, { sourceLimit: config.sourceAttemptLimit }),
      ways: createWays({ config, sealer }),
      publicUrl: config.publicUrl,
    }),
    issuer: `${config.publicUrl}/default/demo`,
    async stop() {
      await drainHttpServer(http, 1_000);
      await server.close();
      await database.close();
    },
  };
}

/** A port nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const probe = createNetServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
