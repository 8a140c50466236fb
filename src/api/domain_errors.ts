import { HashQueueFull } from '../credentials/hash_queue.ts';
import { DomainError, type DomainErrorKind } from '../domain_error.ts';
import { HttpError, unavailable } from '../http/errors.ts';

const STATUS: Readonly<Record<DomainErrorKind, number>> = {
  malformed: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition_failed: 412,
  invalid: 422,
  too_many_tries: 429,
};

/** A refusal of the domain as the answer it becomes; anything else as it is. */
export function asApiError(error: unknown): unknown {
  if (error instanceof HashQueueFull) return unavailable(error.retryAfterSeconds, { cause: error });
  if (!(error instanceof DomainError)) return error;
  const { retryAfterSeconds } = error;
  return new HttpError(STATUS[error.kind], error.message, {
    cause: error,
    ...(error.code === undefined ? {} : { code: error.code }),
    ...(error.issues === undefined ? {} : { details: error.issues }),
    ...(retryAfterSeconds === undefined ? {} : { headers: { 'Retry-After': String(retryAfterSeconds) } }),
  });
}
