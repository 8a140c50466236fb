import type { Socket } from 'node:net';
import knex, { type Knex } from 'knex';
import type pg from 'pg';
import { types } from 'pg';
import { translateDatabaseError } from './errors.ts';

export type DatabaseOptions = {
  readonly url: string;
  /** Connections this process may hold. */
  readonly poolMax?: number;
  /** A statement that takes longer is ended by the server. 0: no limit, for migrations. */
  readonly statementTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** What `pg_stat_activity` calls the connections. Default: `weir`. */
  readonly applicationName?: string;
  /** Told about lost connections; they are replaced without anyone's help. */
  readonly onWarning?: (message: string) => void;
};

/** One pool on one PostgreSQL. `options` are those it was opened with. */
export type Database = {
  readonly knex: Knex;
  readonly options: DatabaseOptions;
  close(): Promise<void>;
};

/** The part of a `pg` client that callers use: named prepared statements on a borrowed connection. */
export type DatabaseClient = Pick<pg.ClientBase, 'query'>;

const DEFAULT_POOL_MAX = 10;
const DEFAULT_STATEMENT_TIMEOUT_MS = 10_000;
const DEFAULT_CONNECT_TIMEOUT_MS = 2_000;
// Longer than this and the caller is better off with a 503.
const ACQUIRE_TIMEOUT_MS = 2_000;
const IDLE_TIMEOUT_MS = 60_000;
const KEEPALIVE_DELAY_MS = 10_000;
// A transaction whose process forgot it must not hold its locks for ever.
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
// The server ends a slow statement itself; silence beyond that means that the network is gone.
const SILENCE_MARGIN_MS = 5_000;

/** Opens the pool. Connects lazily: an unreachable server shows at the first query, as `DatabaseUnavailable`. */
export function openDatabase(options: DatabaseOptions): Database {
  const statementTimeoutMs = options.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS;
  const warn = (message: unknown) => options.onWarning?.(String(message));
  const instance = knex({
    client: 'pg',
    connection: connectionSettings(options, statementTimeoutMs) as Knex.PgConnectionConfig,
    acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS,
    // Error messages would carry the bound values otherwise, secrets among them.
    compileSqlOnError: false,
    log: { warn, error: warn, deprecate: warn, debug: () => {} },
    pool: {
      min: 0,
      max: options.poolMax ?? DEFAULT_POOL_MAX,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      createTimeoutMillis: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      afterCreate: (client: pg.Client, done: (error: null, client: pg.Client) => void) => {
        dropWhenFatal(client);
        if (statementTimeoutMs > 0) endWhenSilent(client, statementTimeoutMs + SILENCE_MARGIN_MS);
        done(null, client);
      },
    },
  });
  return { knex: instance, options, close: () => instance.destroy() };
}

/**
 * Runs `fn` with knex's own `pg` client: a free one of the pool, or the transaction's when `executor` is one.
 * For named prepared statements: `client.query({ name, text, values })`. Throws `DatabaseUnavailable`.
 */
export async function withClient<T>(
  executor: Knex | Knex.Transaction,
  fn: (client: DatabaseClient) => Promise<T>,
): Promise<T> {
  if (executor.isTransaction && (executor as Knex.Transaction).isCompleted()) {
    throw new Error('withClient: the transaction has ended, its connection belongs to someone else');
  }
  const pool = executor.client as KnexPool;
  try {
    const client = await pool.acquireConnection();
    try {
      return await fn(client);
    } finally {
      await pool.releaseConnection(client);
    }
  } catch (error) {
    throw translateDatabaseError(error);
  }
}

// knex declares its client as `any`. In a transaction these two hand out the transaction's connection.
type KnexPool = {
  acquireConnection(): Promise<pg.Client>;
  releaseConnection(client: pg.Client): Promise<void>;
};

/** What `pg` needs to connect as Weir does; for connections that live outside the pool too. */
export function connectionSettings(options: DatabaseOptions, statementTimeoutMs?: number): pg.ClientConfig {
  return {
    connectionString: options.url,
    application_name: options.applicationName ?? 'weir',
    connectionTimeoutMillis: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs ?? options.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_DELAY_MS,
    types: { getTypeParser },
  };
}

const parseInt8 = (text: string): number | string => {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
};

const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = (oid, format) =>
  oid === types.builtins.INT8 && format !== 'binary' ? parseInt8 : types.getTypeParser(oid, format);

/** Without this a query on a connection whose network vanished would wait for the kernel: many minutes. */
function endWhenSilent(client: pg.Client, silenceMs: number): void {
  const { connection, readyForQuery } = client as unknown as PgInternals;
  if (readyForQuery === undefined) return;
  connection.stream.setTimeout(silenceMs, () => {
    if (!(client as unknown as PgInternals).readyForQuery) {
      connection.stream.destroy(new Error('Connection terminated: no answer from the database'));
    }
  });
}

/** A server that shuts down says so before it hangs up: nobody else may borrow this connection in between. */
function dropWhenFatal(client: pg.Client): void {
  const internals = client as unknown as PgInternals;
  internals.connection.on('errorMessage', (message) => {
    if (message.severity === 'FATAL' || message.severity === 'PANIC') internals.__knex__disposed = message;
  });
}

type PgInternals = {
  readonly readyForQuery: boolean | undefined;
  readonly connection: {
    readonly stream: Socket;
    on(event: 'errorMessage', listener: (message: { severity?: string }) => void): void;
  };
  // What knex looks at before it hands a connection out.
  __knex__disposed?: unknown;
};
