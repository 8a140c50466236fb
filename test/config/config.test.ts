import { mkdtemp, readFile, rm, writeFile, cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, environmentNames, loadConfig, type Config } from '../../src/config.ts';
import { addressIn } from '../../src/config_schema.ts';

const KEY = Buffer.alloc(32, 1).toString('base64');
const COOKIE_KEY = 'c'.repeat(32);
const PRODUCTION = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://id.example.com/',
  DATABASE_URL: 'postgres://weir:pw@db/weir',
  MASTER_KEY: `k2:${KEY},k1:${KEY}`,
  COOKIE_KEYS: `${COOKIE_KEY},${'d'.repeat(40)}`,
};
const CONFIG_DIR = join(import.meta.dirname, '..', '..', 'config');

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-config-'));
});
afterAll(() => rm(directory, { recursive: true }));

function errorsOf(env: Record<string, string>, configDir = CONFIG_DIR): readonly string[] {
  try {
    loadConfig({ env, configDir });
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
  return [];
}

const keysOf = (lines: readonly string[]) => lines.map((line) => line.replace(/:.*/, '')).toSorted();

describe('a configuration', () => {
  it('needs nothing in development', () => {
    const { config, warnings } = loadConfig({ env: {}, cwd: '/srv/weir' });
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      env: 'development',
      port: 8080,
      publicUrl: 'http://localhost:8080',
      dataDir: '/srv/weir/data',
      masterKeys: [],
      cookieKeys: [],
      sourceAttemptLimit: 100,
      demoPort: 8081,
    });
    expect(config.databaseUrl).toBeUndefined();
  });

  it('takes every setting from the environment', () => {
    const { config } = loadConfig({
      env: {
        ...PRODUCTION,
        PORT: '9000',
        HOST: '::',
        SMTP_URL: 'smtps://u:p@mail:465',
        MAIL_FROM: 'Weir <id@example.com>',
        TRUST_PROXY: '10.0.0.0/8, fd00::/8',
        WEB_CONCURRENCY: '2',
        DATABASE_POOL_MAX: '20',
        PROVIDER_CACHE_MAX: '50',
        BOOTSTRAP_TENANT_ID: 'acme',
        BOOTSTRAP_ADMIN_EMAIL: 'root@acme.test',
      },
    });
    expect(config).toMatchObject({
      env: 'production',
      host: '::',
      port: 9000,
      publicUrl: 'https://id.example.com',
      masterKeys: [
        { kid: 'k2', key: KEY },
        { kid: 'k1', key: KEY },
      ],
      cookieKeys: [COOKIE_KEY, 'd'.repeat(40)],
      trustProxy: ['10.0.0.0/8', 'fd00::/8'],
      webConcurrency: 2,
      database: { poolMax: 20 },
      providerCacheMax: 50,
      bootstrap: { tenantId: 'acme', adminEmail: 'root@acme.test' },
    });
  });

  it('is frozen to the last leaf', () => {
    const { config } = loadConfig({ env: PRODUCTION });
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(config)).toBe(true);
    expect(() => {
      (config as { -readonly [Key in keyof Config]: Config[Key] }).port = 1;
    }).toThrow(TypeError);
  });

  it('counts empty variables as absent', () => {
    expect(loadConfig({ env: { PORT: '', DATABASE_URL: '', MASTER_KEY_FILE: '' } }).config.port).toBe(8080);
  });

  it('warns about settings it does not know, with a hint where it can', () => {
    const { warnings } = loadConfig({ env: { WEIR_PORT: '1', WEIR_COLOUR: 'red', COLOUR: 'red' } });
    expect(warnings).toEqual([
      'WEIR_PORT is not a setting and has no effect, did you mean PORT?',
      'WEIR_COLOUR is not a setting and has no effect',
    ]);
  });
});

describe('errors', () => {
  const BROKEN = {
    NODE_ENV: 'production',
    PORT: '80a-wrong',
    HOST: 'wrong host',
    PUBLIC_URL: 'https://id.example.com/wrong',
    DATABASE_URL: 'mysql://wrong',
    MASTER_KEY: 'k1:wrong',
    COOKIE_KEYS: 'wrong',
    SMTP_URL: 'http://wrong',
    MAIL_FROM: 'wrong',
    TRUST_PROXY: '10.0.0.0/wrong',
    LOG_LEVEL: 'wrong',
    WEB_CONCURRENCY: '0x10wrong',
    SOURCE_ATTEMPT_LIMIT: '-1wrong',
    DEMO_PORT: '70000wrong',
    OUTBOUND_ALLOW_HOSTS: 'wrong',
    BOOTSTRAP_TENANT_ID: 'Wrong!',
    BOOTSTRAP_ADMIN_CLIENT_ID: 'Wrong!',
    BOOTSTRAP_ADMIN_CLIENT_SECRET: 'wrong',
    BOOTSTRAP_ADMIN_EMAIL: 'wrong',
    BOOTSTRAP_ADMIN_PASSWORD: 'wrong',
  };

  it('come all at once, one line each, naming the key and never the value', () => {
    const lines = errorsOf(BROKEN);
    expect(keysOf(lines)).toEqual(
      Object.keys(BROKEN)
        .filter((name) => name !== 'NODE_ENV')
        .sort(),
    );
    for (const line of lines) {
      expect(line.toLowerCase()).not.toContain('wrong');
      expect(line).not.toContain('\n');
    }
  });

  it('say what production lacks', () => {
    expect(keysOf(errorsOf({ NODE_ENV: 'production' }))).toEqual([
      'COOKIE_KEYS',
      'DATABASE_URL',
      'MASTER_KEY',
      'PUBLIC_URL',
    ]);
    expect(errorsOf(PRODUCTION)).toEqual([]);
  });

  it.each([
    ['http://id.example.com', 1],
    ['http://localhost.example.com', 1],
    ['https://user:pw@id.example.com', 1],
    ['https://id.example.com?x', 1],
    ['javascript:alert(1)', 2],
    ['http://localhost:8080', 0],
    ['http://127.0.0.1:8080', 0],
    ['https://id.example.com:8443', 0],
  ])('PUBLIC_URL %s in production: %i', (url, errors) => {
    const lines = errorsOf({ ...PRODUCTION, PUBLIC_URL: url });
    expect(keysOf(lines)).toEqual(Array.from({ length: errors }, () => 'PUBLIC_URL'));
  });

  it('ask for keys when the database is not the embedded one', () => {
    expect(keysOf(errorsOf({ DATABASE_URL: PRODUCTION.DATABASE_URL }))).toEqual([
      'COOKIE_KEYS',
      'MASTER_KEY',
    ]);
  });

  it.each([
    ['no kid', KEY],
    ['31 bytes', `k1:${Buffer.alloc(31).toString('base64')}`],
    ['no canonical base64', `k1:${KEY.slice(0, -1)}`],
    ['a kid twice', `k1:${KEY},k1:${KEY}`],
    ['an empty entry', `k1:${KEY},`],
  ])('MASTER_KEY with %s', (_, value) => {
    expect(keysOf(errorsOf({ MASTER_KEY: value }))).toEqual(['MASTER_KEY']);
  });

  it('of files name the file and the setting', async () => {
    const configDir = join(directory, 'broken');
    await cp(CONFIG_DIR, configDir, { recursive: true });
    await writeFile(join(configDir, 'default.json'), '{"port": "wrong", "databse": {}, "dataDir": "x"');
    await writeFile(join(configDir, 'bootstrap.json'), '{"tenant": {"id": "Wrong!", "name": "x"}}');
    const lines = errorsOf({}, configDir).join('\n');
    expect(lines).toContain('config/default.json: is not valid JSON');
    expect(lines).toContain('config/bootstrap.json: tenant.id: must be a lower-case id');
    expect(lines).not.toContain('Wrong!');
  });
});

describe('a secret', () => {
  it('may come from a file, without its last line break', async () => {
    const file = join(directory, 'master_key');
    await writeFile(file, `k9:${KEY}\n`);
    const { MASTER_KEY: _, ...rest } = PRODUCTION;
    expect(loadConfig({ env: { ...rest, MASTER_KEY_FILE: file } }).config.masterKeys).toEqual([
      { kid: 'k9', key: KEY },
    ]);
  });

  it('is refused when it comes twice, or its file is empty or missing', async () => {
    const empty = join(directory, 'empty');
    await writeFile(empty, '\n');
    const lines = errorsOf({
      COOKIE_KEYS: COOKIE_KEY,
      COOKIE_KEYS_FILE: empty,
      MASTER_KEY_FILE: empty,
      SMTP_URL_FILE: join(directory, 'absent'),
    });
    expect(lines).toEqual([
      'MASTER_KEY_FILE: the file is empty',
      'COOKIE_KEYS: COOKIE_KEYS and COOKIE_KEYS_FILE are both set, keep one',
      'SMTP_URL_FILE: the file cannot be read (ENOENT)',
    ]);
  });
});

it('.env.example lists every variable, and no other', async () => {
  const text = await readFile(join(CONFIG_DIR, '..', '.env.example'), 'utf8');
  const listed = text.split('\n').flatMap((line) => /^([A-Z_]+)=/.exec(line)?.[1] ?? []);
  expect(listed.toSorted()).toEqual([...environmentNames].sort());
  expect(loadConfig({ env: Object.fromEntries(listed.map((name) => [name, ''])) }).warnings).toEqual([]);
});

it('addressIn matches addresses and ranges of both families, IPv4 in IPv6 too', () => {
  const ranges = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8'];
  expect(['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.7', 'fd12::1'].every((ip) => addressIn(ranges, ip))).toBe(
    true,
  );
  expect(['11.0.0.1', '192.0.2.8', 'fe80::1', 'nonsense', ''].some((ip) => addressIn(ranges, ip))).toBe(
    false,
  );
});
