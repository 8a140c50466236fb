/** The database cannot be reached, is starting or stopping, or has no free connection: answer 503 and try later. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';

  constructor(cause: unknown) {
    super('The database is not available', { cause });
  }
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';
// Class 22 data_exception, not_null_violation, check_violation, class 54 program_limit_exceeded.
const REFUSED_DATA = /^(?:22\w{3}|23502|23514|54\w{3})$/;
const RETRYABLE = new Set(['40001', '40P01']); // serialization_failure, deadlock_detected

const AWAY_SQLSTATES = new Set([
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '53300', // too_many_connections
  '25006', // read_only_sql_transaction: a failover left us on a standby
]);

const AWAY_SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // the socket of a stopped server
]);

// pg and knex report these states by message only.
const AWAY_MESSAGES =
  /^(Connection terminated|Connection ended unexpectedly|Client has encountered a connection error|Client was closed|timeout expired|timeout exceeded when trying to connect|Unable to acquire a connection|Query read timeout|Knex: Timeout acquiring a connection|aborted|database ".*" is not currently accepting connections)/;

type DatabaseError = { code?: unknown; constraint?: unknown; message?: unknown; errors?: unknown };

/** The name of the violated unique constraint or index, or undefined when the error is another one. */
export function violatedUniqueConstraint(error: unknown): string | undefined {
  return violatedConstraint(error, UNIQUE_VIOLATION);
}

/** True for a unique violation, of the constraint or index `name` where one is given. */
export function isUniqueViolation(error: unknown, name?: string): boolean {
  const constraint = violatedUniqueConstraint(error);
  return constraint !== undefined && (name === undefined || constraint === name);
}

/** The name of the violated foreign key, or undefined when the error is another one. */
export function violatedForeignKey(error: unknown): string | undefined {
  return violatedConstraint(error, FOREIGN_KEY_VIOLATION);
}

/**
 * The SQLSTATE of an error that the same rows bring about each time: a value or a size that the database does not
 * take. Undefined for every other error.
 */
export function refusedData(error: unknown): string | undefined {
  const code = codeOf(error);
  return typeof code === 'string' && REFUSED_DATA.test(code) ? code : undefined;
}

/** True when running the same transaction again may succeed: serialization failure or deadlock. */
export function isRetryable(error: unknown): boolean {
  return typeof codeOf(error) === 'string' && RETRYABLE.has(codeOf(error) as string);
}

/** True when the error says that the database is away, raw or already translated. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true;
  if (!(error instanceof Error)) return false;
  const { errors } = error as DatabaseError;
  if (error instanceof AggregateError && Array.isArray(errors)) return errors.some(isDatabaseUnavailable);
  const code = codeOf(error);
  if (typeof code === 'string' && (AWAY_SQLSTATES.has(code) || code.startsWith('08'))) return true;
  if (typeof code === 'string' && AWAY_SYSTEM_CODES.has(code) && isNetworkError(error)) return true;
  return AWAY_MESSAGES.test(error.message);
}

/** The error to hand on: `DatabaseUnavailable` when the database is away, everything else as it is. */
export function translateDatabaseError(error: unknown): unknown {
  return !(error instanceof DatabaseUnavailable) && isDatabaseUnavailable(error)
    ? new DatabaseUnavailable(error)
    : error;
}

// A missing file is an ENOENT too: only those of a connection count.
function isNetworkError(error: Error): boolean {
  const { syscall } = error as NodeJS.ErrnoException;
  return syscall !== 'open' && syscall !== 'stat' && syscall !== 'read';
}

function violatedConstraint(error: unknown, sqlState: string): string | undefined {
  if (codeOf(error) !== sqlState) return undefined;
  const { constraint } = error as DatabaseError;
  return typeof constraint === 'string' ? constraint : '';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? (error as DatabaseError).code : undefined;
}
