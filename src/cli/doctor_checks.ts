import { connect } from 'node:net';
import type { Config } from '../config.ts';
import type { Database } from '../db/connection.ts';
import { pendingMigrations } from '../db/migrate.ts';
import { databaseStatus, OLDEST_POSTGRES_MAJOR } from '../db/status.ts';
import { type KeyNeed, keyNeeds } from '../installation/key_needs.ts';
import { resolveSecrets } from '../local_secrets.ts';
import { smtpFailure } from '../messages/channels/smtp.ts';
import type { OpenedDatabase } from '../open_database.ts';

export type Finding = {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'FAIL';
  readonly text: string;
  /** What to do about it. */
  readonly hint?: string;
};

const NETWORK_TIMEOUT_MS = 3_000;
// One-time codes and tokens expire by the database's clock, signatures are dated by ours.
const CLOCK_WARN_MS = 1_000;
const CLOCK_FAIL_MS = 30_000;
const HTTP_PORT = 80;
const HTTPS_PORT = 443;

export function configuration(config: Config, warnings: readonly string[]): Finding[] {
  const name = 'configuration';
  if (warnings.length > 0) {
    return warnings.map((text) => ({ name, status: 'warn', text, hint: 'rename or remove it' }));
  }
  return [{ name, status: 'ok', text: `${config.env}, listens on ${config.host}:${config.port}` }];
}

export async function database({ db, source }: OpenedDatabase): Promise<Finding> {
  const { major, version } = await databaseStatus(db.knex);
  const name = 'database';
  const text = `PostgreSQL ${version} (${source})`;
  if (major >= OLDEST_POSTGRES_MAJOR) return { name, status: 'ok', text };
  return { name, status: 'FAIL', text, hint: `Weir needs PostgreSQL ${OLDEST_POSTGRES_MAJOR} or newer` };
}

export async function migrations(db: Database): Promise<Finding> {
  const pending = await pendingMigrations(db);
  const name = 'migrations';
  if (pending.length === 0) return { name, status: 'ok', text: 'the schema is up to date' };
  return {
    name,
    status: 'warn',
    text: `pending: ${pending.join(', ')}`,
    hint: 'run "weir migrate", or start the server',
  };
}

export async function keys(config: Config, db: Database): Promise<Finding> {
  const { masterKeys } = await resolveSecrets(config);
  const name = 'keys';
  const source = config.masterKeys.length > 0 ? 'MASTER_KEY' : 'secrets.json in the data directory';
  const held = `${masterKeys.length} from ${source}`;
  // Their tables may not be there yet.
  if ((await pendingMigrations(db)).length > 0) return { name, status: 'ok', text: held };
  const needs = await keyNeeds(db.knex, masterKeys);
  const known = new Set(masterKeys.map(({ kid }) => kid));
  const lost = needs.filter(({ kid }) => !known.has(kid));
  if (lost.length > 0) {
    const text = `${source} does not hold what ${inWords(lost)}`;
    return { name, status: 'FAIL', text, hint: 'add the key back behind the first one of MASTER_KEY' };
  }
  const later = needs.filter(({ kind }) => kind === 'passing');
  if (needs.length > later.length) {
    const text = `${held}; ${inWords(needs)}`;
    return { name, status: 'warn', text, hint: 'run "weir keys reseal" before a key is taken away' };
  }
  if (later.length > 0)
    return { name, status: 'ok', text: `${held}; ${inWords(later)}, for an hour at most` };
  const free = masterKeys.slice(1).map(({ kid }) => kid);
  const text = free.length === 0 ? held : `${held}; nothing needs ${free.join(', ')} any more`;
  return { name, status: 'ok', text };
}

const inWords = (needs: readonly KeyNeed[]): string =>
  needs
    .flatMap(({ kid, uses }) =>
      uses.map(({ table, column, rows }) => `${rows} of ${table}.${column} need ${kid}`),
    )
    .join(', ');

export async function mail(config: Config): Promise<Finding> {
  const name = 'mail';
  if (config.smtpUrl === undefined) {
    return { name, status: 'warn', text: noWayOut(config, 'mail'), hint: 'set SMTP_URL and MAIL_FROM' };
  }
  const failure = await smtpFailure(config.smtpUrl, NETWORK_TIMEOUT_MS);
  if (failure === undefined) return { name, status: 'ok', text: 'the mail server is ready to take mails' };
  const hint = failure === 'EAUTH' ? 'check user and password' : 'check host, port, TLS and firewall';
  return { name, status: 'FAIL', text: `SMTP_URL: the mail server cannot be used (${failure})`, hint };
}

export async function texts(config: Config): Promise<Finding> {
  const name = 'texts';
  const { smsDriver } = config;
  if (smsDriver === undefined) {
    return { name, status: 'warn', text: noWayOut(config, 'text'), hint: 'set SMS_DRIVER' };
  }
  if (smsDriver === 'log') return { name, status: 'ok', text: 'written into the log' };
  const url = new URL(smsDriver === 'webhook' ? (config.smsWebhookUrl ?? '') : config.twilioApiUrl);
  const port = Number(url.port) || (url.protocol === 'https:' ? HTTPS_PORT : HTTP_PORT);
  const failure = await connectionFailure(url.hostname, port);
  if (failure === undefined) return { name, status: 'ok', text: `${url.host} accepts connections` };
  const text = `${url.host}: no connection (${failure})`;
  return { name, status: 'FAIL', text, hint: 'check host, port and firewall' };
}

const noWayOut = ({ env }: Config, what: 'mail' | 'text'): string =>
  env === 'production' ? `no ${what} is sent` : `no ${what} is sent; /dev/mailbox shows them`;

export async function clock(db: Database): Promise<Finding> {
  const { clockSkewMs } = await databaseStatus(db.knex);
  const name = 'clock';
  const distance = Math.abs(clockSkewMs);
  const text = `${(clockSkewMs / 1000).toFixed(2)} s between the database's clock and this one`;
  const hint = 'synchronise both with NTP';
  if (distance > CLOCK_FAIL_MS) return { name, status: 'FAIL', text, hint };
  if (distance > CLOCK_WARN_MS) return { name, status: 'warn', text, hint };
  return { name, status: 'ok', text };
}

export async function publicUrl(config: Config): Promise<Finding> {
  const name = 'public URL';
  try {
    const response = await fetch(`${config.publicUrl}/livez`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(NETWORK_TIMEOUT_MS),
    });
    if (response.ok) return { name, status: 'ok', text: `${config.publicUrl} answers` };
    const text = `${config.publicUrl}/livez answers ${response.status}`;
    return { name, status: 'warn', text, hint: 'PUBLIC_URL must lead to this server, unchanged' };
  } catch {
    const text = `${config.publicUrl} does not answer`;
    return {
      name,
      status: 'warn',
      text,
      hint: 'fine while the server is stopped; else check PUBLIC_URL and the proxy',
    };
  }
}

async function connectionFailure(host: string, port: number): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port, timeout: NETWORK_TIMEOUT_MS });
    const finish = (failure?: string) => {
      socket.destroy();
      resolve(failure);
    };
    socket.once('connect', () => finish());
    socket.once('timeout', () => finish('no answer'));
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? 'failed'));
  });
}
