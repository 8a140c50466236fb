// By name and at any depth. A name that ends in one of these holds something a reader of logs could use.
const SECRET_NAME =
  /(password|passphrase|passwd|secret|token|cookie|cookies|authorization|code|verifier|assertion|otp|totp|credential|credentials|master_?key|private_?key|signing_?key|jwk|jwks|session_?id|database_?url|smtp_?url|hash|proof|dpop|ticket)$/i;
// Names that end like a secret and hold none.
const HARMLESS_NAME = /^(error_?code|status_?code|exit_?code)$/i;
const REDACTED = '[redacted]';
const MAX_DEPTH = 4;
const MAX_ITEMS = 50;
const MAX_CHARS = 4_000;
const MAX_CAUSES = 3;

/** A copy of `value` that may be written to a log. Functions and objects with a class of their own are named only. */
export function loggable(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.length > MAX_CHARS ? `${value.slice(0, MAX_CHARS)}…` : value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return loggableError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (value instanceof URL) return `${value.origin}${value.pathname}`;
  if (depth >= MAX_DEPTH) return '[deep]';
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => loggable(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor.name}]`;
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_ITEMS)
      .map(([name, item]) => [name, isSecret(name, item) ? REDACTED : loggable(item, depth + 1)]),
  );
}

/**
 * Of an error only what helps to find its cause: PostgreSQL's errors carry values of rows in their details, and
 * those of HTTP libraries whole requests.
 */
export function loggableError(error: Error, causes = 0): Record<string, unknown> {
  const { code, constraint, table, routine, syscall } = error as Error & Record<string, unknown>;
  const known = { code, constraint, table, routine, syscall };
  return {
    type: error.name,
    message: loggable(error.message),
    ...Object.fromEntries(Object.entries(known).filter(([, item]) => typeof item === 'string')),
    stack: loggable(error.stack),
    ...(error.cause instanceof Error && causes < MAX_CAUSES
      ? { cause: loggableError(error.cause, causes + 1) }
      : {}),
  };
}

// A number or a flag is a fact about a secret (how many, whether), not the secret.
function isSecret(name: string, value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined)
    return false;
  return SECRET_NAME.test(name) && !HARMLESS_NAME.test(name);
}
