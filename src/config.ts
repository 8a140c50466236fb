import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { configSchema, type Config } from './config_schema.ts';

export type { Config } from './config_schema.ts';
export type { BootstrapDescription } from './bootstrap_description.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Settings = Record<string, unknown>;

/** Environment variable -> path of the setting in `Config`. */
const VARIABLES = {
  NODE_ENV: 'env',
  HOST: 'host',
  PORT: 'port',
  PUBLIC_URL: 'publicUrl',
  DATABASE_URL: 'databaseUrl',
  DATA_DIR: 'dataDir',
  MASTER_KEY: 'masterKeys',
  COOKIE_KEYS: 'cookieKeys',
  SMTP_URL: 'smtpUrl',
  MAIL_FROM: 'mailFrom',
  SMS_DRIVER: 'smsDriver',
  SMS_WEBHOOK_URL: 'smsWebhookUrl',
  SMS_WEBHOOK_SECRET: 'smsWebhookSecret',
  TWILIO_ACCOUNT_SID: 'twilioAccountSid',
  TWILIO_AUTH_TOKEN: 'twilioAuthToken',
  TWILIO_FROM: 'twilioFrom',
  TWILIO_API_URL: 'twilioApiUrl',
  TRUST_PROXY: 'trustProxy',
  LOG_LEVEL: 'logLevel',
  WEB_CONCURRENCY: 'webConcurrency',
  DATABASE_POOL_MAX: 'database.poolMax',
  PROVIDER_CACHE_MAX: 'providerCacheMax',
  SOURCE_ATTEMPT_LIMIT: 'sourceAttemptLimit',
  API_RATE_LIMIT: 'apiRateLimit',
  AUDIT_RETENTION_DAYS: 'auditRetentionDays',
  DEMO_PORT: 'demoPort',
  OUTBOUND_ALLOW_HOSTS: 'outboundAllowHosts',
  BOOTSTRAP_TENANT_ID: 'bootstrap.tenantId',
  BOOTSTRAP_ADMIN_CLIENT_ID: 'bootstrap.adminClientId',
  BOOTSTRAP_ADMIN_CLIENT_SECRET: 'bootstrap.adminClientSecret',
  BOOTSTRAP_ADMIN_EMAIL: 'bootstrap.adminEmail',
  BOOTSTRAP_ADMIN_PASSWORD: 'bootstrap.adminPassword',
} as const;

type Variable = keyof typeof VARIABLES;

const SECRETS: readonly Variable[] = [
  'DATABASE_URL',
  'MASTER_KEY',
  'COOKIE_KEYS',
  'SMTP_URL',
  'SMS_WEBHOOK_SECRET',
  'TWILIO_AUTH_TOKEN',
  'BOOTSTRAP_ADMIN_CLIENT_SECRET',
  'BOOTSTRAP_ADMIN_PASSWORD',
];

/** Every name that `loadConfig` reads from the environment; `.env.example` is compared with it. */
export const environmentNames: readonly string[] = [
  ...Object.keys(VARIABLES),
  ...SECRETS.map((name) => `${name}_FILE`),
];

/** A variable that a file of one's own names, where it would not hold a secret itself. Empty counts as absent. */
export const namedVariable = (name: string): string | undefined => process.env[name] || undefined;

/** The configuration cannot be used. One line an error; a line names the key and never the value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(`The configuration cannot be used:\n${lines.join('\n')}`);
    this.lines = lines;
  }
}

export type LoadOptions = {
  /** Default: the environment of the process. */
  env?: Environment;
  /** Directory of default.json and its overlays. Default: the `config` directory of this project. */
  configDir?: string;
  /** Where a relative DATA_DIR starts. Default: the working directory. */
  cwd?: string;
};

/**
 * Reads `config/default.json`, its overlay for NODE_ENV, `config/bootstrap.json` and the environment, in rising
 * precedence. Gives the deep-frozen configuration and warnings worth showing; throws `ConfigError` with all errors.
 */
export function loadConfig(options: LoadOptions = {}): { config: Config; warnings: string[] } {
  const env = options.env ?? process.env;
  const configDir = options.configDir ?? join(import.meta.dirname, '..', 'config');
  const cwd = options.cwd ?? process.cwd();
  const errors: string[] = [];

  const variables = readVariables(env, errors);
  const settings = readFiles(configDir, variables.get('NODE_ENV') ?? 'development', errors);
  for (const [name, value] of variables) setPath(settings, VARIABLES[name], value);
  settings['env'] ??= 'development';

  const parsed = configSchema.safeParse(settings);
  errors.push(...(parsed.error?.issues ?? []).map((issue) => describeIssue(issue, variables)));
  errors.push(
    ...missingVariables(variables),
    ...missingForMessages(variables),
    ...refusedInProduction(variables),
  );
  if (!parsed.success || errors.length > 0) throw new ConfigError([...new Set(errors)]);

  const { data } = parsed;
  const config: Config = deepFreeze({
    ...data,
    dataDir: resolve(cwd, data.dataDir),
    publicUrl: data.publicUrl ?? `http://localhost:${data.port}`,
  });
  return { config, warnings: unknownVariables(env) };
}

/** An empty variable counts as absent: compose files pass `NAME=` for what is not set. */
function readVariables(env: Environment, errors: string[]): Map<Variable, string> {
  const found = new Map<Variable, string>();
  for (const name of Object.keys(VARIABLES) as Variable[]) {
    const value = env[name];
    const file = SECRETS.includes(name) ? env[`${name}_FILE`] : undefined;
    if (value && file) errors.push(`${name}: ${name} and ${name}_FILE are both set, keep one`);
    else if (value) found.set(name, value);
    else if (file) readSecretFile(name, file, found, errors);
  }
  return found;
}

function readSecretFile(name: Variable, file: string, found: Map<Variable, string>, errors: string[]): void {
  try {
    const value = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    if (value === '') errors.push(`${name}_FILE: the file is empty`);
    else found.set(name, value);
  } catch (error) {
    errors.push(`${name}_FILE: the file cannot be read (${errorCode(error)})`);
  }
}

function readFiles(configDir: string, env: string, errors: string[]): Settings {
  const settings = readJson(join(configDir, 'default.json'), errors) ?? {};
  const overlay = /^(production|test)$/.test(env)
    ? readJson(join(configDir, `${env}.json`), errors)
    : undefined;
  for (const [key, value] of Object.entries(overlay ?? {})) {
    const base = settings[key];
    settings[key] = isObject(base) && isObject(value) ? { ...base, ...value } : value;
  }
  const description = readJson(join(configDir, 'bootstrap.json'), errors);
  if (description) settings['bootstrap'] = { description };
  return settings;
}

function readJson(file: string, errors: string[]): Settings | undefined {
  const name = `config/${file.split(/[\\/]/).at(-1)}`;
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isObject(value)) return value;
    errors.push(`${name}: must hold a JSON object`);
  } catch (error) {
    const reason =
      error instanceof SyntaxError ? 'is not valid JSON' : `cannot be read (${errorCode(error)})`;
    errors.push(`${name}: ${reason}`);
  }
  return undefined;
}

function describeIssue(issue: z.core.$ZodIssue, variables: ReadonlyMap<Variable, string>): string {
  const path = issue.path.join('.');
  const variable = [...variables.keys()].find((name) => VARIABLES[name] === path);
  if (variable) return `${variable}: ${issue.message}`;
  if (path.startsWith('bootstrap.description')) {
    return `config/bootstrap.json: ${path.slice('bootstrap.description.'.length)}: ${issue.message}`;
  }
  return `config/*.json: ${path}${path ? ': ' : ''}${issue.message}`;
}

/** What each way of sending messages cannot do without. */
function missingForMessages(variables: ReadonlyMap<Variable, string>): string[] {
  const missing = (names: Variable[], reason: string) =>
    names.filter((name) => !variables.has(name)).map((name) => `${name}: required with ${reason}`);
  const driver = variables.get('SMS_DRIVER');
  return [
    ...(variables.has('SMTP_URL') ? missing(['MAIL_FROM'], 'SMTP_URL') : []),
    ...(driver === 'webhook' ? missing(['SMS_WEBHOOK_URL', 'SMS_WEBHOOK_SECRET'], 'SMS_DRIVER=webhook') : []),
    ...(driver === 'twilio'
      ? missing(['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_FROM'], 'SMS_DRIVER=twilio')
      : []),
  ];
}

function missingVariables(variables: ReadonlyMap<Variable, string>): string[] {
  const required: Variable[] = [];
  let reason = 'with DATABASE_URL set: keys are generated only for the embedded database';
  if (variables.has('DATABASE_URL')) required.push('MASTER_KEY', 'COOKIE_KEYS');
  if (variables.get('NODE_ENV') === 'production') {
    reason = 'in production';
    required.push('PUBLIC_URL', 'DATABASE_URL', 'MASTER_KEY', 'COOKIE_KEYS');
  }
  return required.filter((name) => !variables.has(name)).map((name) => `${name}: required ${reason}`);
}

function refusedInProduction(variables: ReadonlyMap<Variable, string>): string[] {
  if (variables.get('NODE_ENV') !== 'production') return [];
  const errors: string[] = [];
  if (variables.has('OUTBOUND_ALLOW_HOSTS')) {
    errors.push(
      'OUTBOUND_ALLOW_HOSTS: opens the guard of outgoing requests for tests, refused in production',
    );
  }
  if (variables.get('SMS_DRIVER') === 'log') {
    errors.push('SMS_DRIVER: log writes codes into the log, refused in production');
  }
  const publicUrl = variables.get('PUBLIC_URL') ?? '';
  if (URL.canParse(publicUrl) && !isHttpsOrLocal(new URL(publicUrl))) {
    errors.push('PUBLIC_URL: must be https in production (http only for localhost)');
  }
  return errors;
}

function isHttpsOrLocal(url: URL): boolean {
  return url.protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
}

function unknownVariables(env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('WEIR_'))
    .map((name) => {
      const plain = name.slice('WEIR_'.length);
      const hint = environmentNames.includes(plain) ? `, did you mean ${plain}?` : '';
      return `${name} is not a setting and has no effect${hint}`;
    });
}

function setPath(settings: Settings, path: string, value: string): void {
  const [first = '', second] = path.split('.');
  if (second === undefined) settings[first] = value;
  else settings[first] = { ...(settings[first] as Settings | undefined), [second]: value };
}

function isObject(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unreadable';
}

function deepFreeze<T extends object>(value: T): T {
  for (const item of Object.values(value)) if (typeof item === 'object' && item !== null) deepFreeze(item);
  return Object.freeze(value);
}
