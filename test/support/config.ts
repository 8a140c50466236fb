import { loadConfig, type Config } from '../../src/config.ts';

/** A configuration for tests: fixed keys, quiet log; `env` adds to it or replaces parts of it. */
export function testConfig(env: Record<string, string> = {}): Config {
  return loadConfig({
    env: {
      NODE_ENV: 'test',
      PORT: '0',
      DEMO_PORT: '0',
      MASTER_KEY: `test:${Buffer.alloc(32, 7).toString('base64')}`,
      COOKIE_KEYS: 'a cookie key for tests that is long enough',
      ...env,
    },
  }).config;
}
