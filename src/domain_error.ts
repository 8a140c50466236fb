/** Why the domain refuses. The API turns each kind into one status. */
export type DomainErrorKind =
  | 'malformed'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'precondition_failed'
  | 'invalid'
  | 'too_many_tries';

/**
 * One thing that is wrong: where (JSON pointer into the input) and what to change. `rule` names which of several
 * rules for one value failed.
 */
export type Issue = { readonly pointer: string; readonly message: string; readonly rule?: string };

/** A refusal that a caller can do something about. Its message is for the caller and leaks nothing. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly kind: DomainErrorKind;
  /** A stable machine-readable word, where callers need to tell cases apart. */
  readonly code: string | undefined;
  readonly issues: readonly Issue[] | undefined;
  /** For `too_many_tries`: when it makes sense to try again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    kind: DomainErrorKind,
    message: string,
    options: { code?: string; issues?: readonly Issue[]; retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.kind = kind;
    this.code = options.code;
    this.issues = options.issues;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Absent, deleted, or somebody else's: one answer for all three. */
export const notFound = (what: string): DomainError => new DomainError('not_found', `${what} not found`);

/** Not proven: a wrong code, a wrong password, nobody by that name. One answer for all of them (rule 17). */
export const unauthorized = (message: string, code?: string): DomainError =>
  new DomainError('unauthorized', message, code === undefined ? {} : { code });

/** The request cannot be understood, whoever makes it. */
export const malformed = (message: string, code?: string): DomainError =>
  new DomainError('malformed', message, code === undefined ? {} : { code });

/** A page that is to begin at something which has gone since: its place in the order went with it. */
export const cursorGone = (what: string): DomainError =>
  malformed(
    `The ${what} that the page is to begin at is gone: start again from the first page`,
    'bad_cursor',
  );

/** Guessed too often: nothing is evaluated until then, right or wrong. */
export const tooManyTries = (retryAfterSeconds: number): DomainError =>
  new DomainError('too_many_tries', 'Too many tries: wait, then try again', {
    code: 'too_many_tries',
    retryAfterSeconds,
  });

export const conflict = (message: string, code?: string): DomainError =>
  new DomainError('conflict', message, code === undefined ? {} : { code });

export const forbidden = (message: string, code?: string): DomainError =>
  new DomainError('forbidden', message, code === undefined ? {} : { code });

export const invalid = (pointer: string, message: string, code?: string): DomainError =>
  new DomainError('invalid', `${pointer === '' ? 'body' : pointer}: ${message}`, {
    issues: [{ pointer, message }],
    ...(code === undefined ? {} : { code }),
  });

/** Throws one refusal that names every issue; does nothing when there is none. */
export function refuseAny(issues: readonly Issue[], code?: string): void {
  const [first] = issues;
  if (first === undefined) return;
  throw new DomainError('invalid', `${first.pointer || 'body'}: ${first.message}`, {
    issues,
    ...(code === undefined ? {} : { code }),
  });
}

/** The row versions that a caller takes for current. Undefined: whatever it is. */
export type ExpectedVersion = ReadonlySet<number> | undefined;

/** Refuses a change that is based on a version which is no longer the current one (RFC 9110 §13.1.1). */
export function requireVersion(expected: ExpectedVersion, current: { readonly rowVersion: number }): void {
  if (expected === undefined || expected.has(current.rowVersion)) return;
  throw new DomainError(
    'precondition_failed',
    'It was changed since you read it: read it again, then repeat',
  );
}
