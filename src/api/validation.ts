import type { z } from 'zod';
import type { Issue } from '../domain_error.ts';
import { badRequest, unprocessable } from '../http/errors.ts';

// An unknown key is the caller's own text; shown as far as it helps.
const MAX_SHOWN_KEY = 64;
const MAX_ISSUES = 50;

/** The query as its schema reads it. Throws `HttpError` 400 that names every parameter at fault. */
export function validateQuery<T>(schema: z.ZodType<T>, query: unknown): T {
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const issues = issuesOf(result.error);
  throw badRequest(summary('query', issues), { details: issues });
}

/** The body as its schema reads it. Throws `HttpError` 422 that names every field at fault. */
export function validateBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issues = issuesOf(result.error);
  throw unprocessable(summary('body', issues), { details: issues });
}

function summary(what: string, [first]: readonly Issue[]): string {
  return first === undefined ? `The ${what} is not valid` : `${first.pointer || what}: ${first.message}`;
}

/** What a schema has found wrong, each with its place. */
export function issuesOf(error: z.ZodError): Issue[] {
  return error.issues
    .flatMap((issue) => {
      const pointer = issue.path.map((step) => `/${escape(String(step))}`).join('');
      if (issue.code !== 'unrecognized_keys') return [{ pointer, message: issue.message }];
      return issue.keys.map((key) => ({
        pointer: `${pointer}/${escape(key)}`,
        message: 'is not known here, or not supported',
      }));
    })
    .slice(0, MAX_ISSUES);
}

// RFC 6901 §3.
const escape = (step: string): string =>
  step.slice(0, MAX_SHOWN_KEY).replaceAll('~', '~0').replaceAll('/', '~1');
