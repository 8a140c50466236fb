import { randomBytes } from 'node:crypto';
import { createHashQueue } from '../../src/credentials/hash_queue.ts';
import { createDomain, type Domain } from '../../src/domain.ts';
import { SYSTEM_ACTOR } from '../../src/events/audit.ts';
import { createWays } from '../../src/messages/transports/ways.ts';
import { createAttempts } from '../../src/security/attempts.ts';
import { createSealer } from '../../src/security/seal.ts';
import { ConfigBus } from '../../src/workspaces/config_change.ts';
import { testConfig } from './config.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export type TestDomain = TestDatabase & { readonly domain: Domain; readonly bus: ConfigBus };

/** The whole domain on a database of the suite's own. Close it in `afterAll`. */
export async function createTestDomain(): Promise<TestDomain> {
  const database = await createTestDatabase({ poolMax: 10 });
  const bus = new ConfigBus();
  const sealer = createSealer([{ kid: 'test', key: randomBytes(32).toString('base64') }]);
  const domain = createDomain({
    db: database.db,
    bus,
    sealer,
    hashQueue: createHashQueue(),
    attempts: createAttempts(sealer, { sourceLimit: 1_000 }),
    ways: createWays({ config: testConfig(), sealer }),
    publicUrl: 'http://localhost',
  });
  return { ...database, domain, bus };
}

export { SYSTEM_ACTOR };

/** A payload that the schema `user_v0` takes. */
export const person = (name: string) => ({ name, given_name: name, family_name: 'Tester' });
