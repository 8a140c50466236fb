import { type Child, runNode } from './child_process.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { testConfig } from './config.ts';
import { createHashQueue } from '../../src/credentials/hash_queue.ts';
import { createDomain, type Domain } from '../../src/domain.ts';
import { createWays } from '../../src/messages/transports/ways.ts';
import { createAttempts } from '../../src/security/attempts.ts';
import { createSealer } from '../../src/security/seal.ts';
import { ConfigBus } from '../../src/workspaces/config_change.ts';
import { freePort } from './server.ts';

export type TwoProcesses = {
  readonly publicUrl: string;
  readonly host: string;
  readonly ports: readonly [number, number];
  readonly children: readonly [Child, Child];
  readonly database: TestDatabase;
  /** The domain in this, a third, process. */
  readonly domain: Domain;
  readonly issuer: string;
  stop(): Promise<void>;
};

/** Two operating-system processes, started by the command line, that serve one issuer on one database. */
export async function startTwoProcesses(env: Record<string, string> = {}): Promise<TwoProcesses> {
  const database = await createTestDatabase({ poolMax: 5 });
  const ports = [await freePort(), await freePort()] as const;
  const publicUrl = `http://localhost:${ports[0]}`;
  const masterKey = `test:${Buffer.alloc(32, 7).toString('base64')}`;
  const start = async (port: number): Promise<Child> => {
    const child = runNode('bin/weir.mjs', ['serve'], {
      NODE_ENV: 'test',
      DATABASE_URL: database.url,
      PUBLIC_URL: publicUrl,
      PORT: String(port),
      DEMO_PORT: String(await freePort()),
      MASTER_KEY: masterKey,
      COOKIE_KEYS: 'a cookie key for tests that is long enough',
      ...env,
    });
    await child.line(/ready after/);
    return child;
  };
  // One after the other: the first makes the first start.
  const children = [await start(ports[0]), await start(ports[1])] as const;
  const config = testConfig(env);
  const sealer = createSealer(config.masterKeys);
  return {
    publicUrl,
    host: new URL(publicUrl).host,
    ports,
    children,
    database,
    domain: createDomain({
      db: database.db,
      bus: new ConfigBus(),
      sealer,
      hashQueue: createHashQueue(),
      attempts: createAttempts(sealer, { sourceLimit: config.sourceAttemptLimit }),
      ways: createWays({ config, sealer }),
      publicUrl,
    }),
    issuer: `${publicUrl}/default/demo`,
    async stop() {
      for (const child of children) child.kill('SIGTERM');
      await Promise.all(children.map((child) => child.ended));
      await database.close();
    },
  };
}
