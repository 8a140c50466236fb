import { DomainError } from '../../domain_error.ts';

/** Whether a service refused for this very cause. */
export const isCodeOf = (error: unknown, ...codes: readonly string[]): error is DomainError =>
  error instanceof DomainError && error.code !== undefined && codes.includes(error.code);
