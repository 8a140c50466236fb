import type { Context, Middleware } from 'koa';
import { DatabaseUnavailable } from '../db/errors.ts';
import type { MessageKey } from '../i18n/translate.ts';
import { renderPage } from './render.ts';
import { correlationId } from './request_id.ts';
import { isSelfApiPath } from './self_api_path.ts';

/** What an error may add to its answer. */
export interface HttpErrorOptions {
  /** Names the cause for programs: `registration_not_allowed`. */
  code?: string;
  /** Shown to the caller as JSON, such as the fields that need a look. Never anything internal. */
  details?: unknown;
  /** The sentence on the error page; a general one when absent. */
  pageMessage?: MessageKey;
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/** An answer that is not a success. `publicMessage` goes out as it is: it says what to change and leaks nothing. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** Stable. Defaults to the status in words: `not_found`. */
  readonly code: string;
  /** True when `code` says more than the status does. */
  readonly hasOwnCode: boolean;
  readonly publicMessage: string;
  readonly details?: unknown;
  readonly pageMessage?: MessageKey;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, publicMessage: string, options: HttpErrorOptions = {}) {
    super(publicMessage, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.code = options.code ?? codeOf(status);
    this.hasOwnCode = options.code !== undefined;
    this.publicMessage = publicMessage;
    this.headers = options.headers ?? {};
    if (options.details !== undefined) this.details = options.details;
    if (options.pageMessage !== undefined) this.pageMessage = options.pageMessage;
  }
}

/** 400: the request cannot be understood. */
export const badRequest = (message: string, options?: HttpErrorOptions) =>
  new HttpError(400, message, options);
/** 401: no valid token. Give `WWW-Authenticate` in the headers. */
export const unauthorized = (message = 'A valid access token is needed', options?: HttpErrorOptions) =>
  new HttpError(401, message, options);
/** 403: known, but not allowed. */
export const forbidden = (message = 'This token does not allow that', options?: HttpErrorOptions) =>
  new HttpError(403, message, options);
/** 404: absent, or somebody else's. */
export const notFound = (message = 'There is nothing here', options?: HttpErrorOptions) =>
  new HttpError(404, message, options);
/** 409: in conflict with what is there. */
export const conflict = (message: string, options?: HttpErrorOptions) => new HttpError(409, message, options);
/** 412: changed in the meantime. */
export const preconditionFailed = (message: string, options?: HttpErrorOptions) =>
  new HttpError(412, message, options);
/** 422: understood, but not acceptable. */
export const unprocessable = (message: string, options?: HttpErrorOptions) =>
  new HttpError(422, message, options);
/** 429: try again after that many seconds. */
export const tooManyRequests = (retryAfterSeconds: number, options?: HttpErrorOptions) =>
  new HttpError(429, 'Too many requests', retryOptions(retryAfterSeconds, options));
/** 503: for the moment; try again after that many seconds. */
export const unavailable = (retryAfterSeconds: number, options?: HttpErrorOptions) =>
  new HttpError(503, 'Not available at the moment', retryOptions(retryAfterSeconds, options));

/** The one method of a pino logger that is used here. */
export interface ErrorLog {
  error(fields: object, message: string): void;
}

// A database that restarts is back within seconds.
const databaseRetrySeconds = 5;

/**
 * Koa middleware: turns everything that is thrown below, and every error status without a body, into one answer:
 * JSON for the API and for programs, a page for people. A fault of ours is logged under the correlation id; the
 * answer never holds a stack or a foreign error's text.
 */
export function errors({ logger }: { logger: ErrorLog }): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      if (isBareError(ctx)) await answer(ctx, new HttpError(ctx.status, wordsOf(ctx.status)));
    } catch (cause) {
      const error = asHttpError(cause);
      // "Try later" on purpose is no fault; everything else from 500 on is.
      const isOnPurpose = cause instanceof HttpError && error.status === 503;
      if (error.status >= 500 && !isOnPurpose) log(logger, ctx, error.status, cause);
      if (ctx.headerSent || ctx.respond === false) throw cause;
      await answer(ctx, error);
    }
  };
}

/** True for requests of programs: below `/api/`, to a self API, or without a wish for HTML. */
export function wantsJson(ctx: Context): boolean {
  return ctx.path.includes('/api/') || isSelfApiPath(ctx.path) || ctx.accepts('json', 'html') !== 'html';
}

/** Any thrown thing as the error to answer with. Texts of foreign errors are kept only where meant to be shown. */
export function asHttpError(cause: unknown): HttpError {
  if (cause instanceof HttpError) return cause;
  if (cause instanceof DatabaseUnavailable) return unavailable(databaseRetrySeconds, { cause });
  // Koa's own (http-errors): `expose` says that the text is for the caller.
  const { status, expose, message } = Object(cause) as {
    status?: unknown;
    expose?: unknown;
    message?: unknown;
  };
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new HttpError(status, expose === true && typeof message === 'string' ? message : wordsOf(status), {
      cause,
    });
  if (cause instanceof URIError) return badRequest('The address is not properly encoded', { cause });
  return new HttpError(500, 'Something went wrong on our side', { cause });
}

/** What a handler may have set for the body that it did not get to send. */
const staleHeaders = [
  'Content-Encoding',
  'Content-Disposition',
  'Content-Length',
  'ETag',
  'Last-Modified',
  'Location',
];

async function answer(ctx: Context, error: HttpError): Promise<void> {
  for (const header of staleHeaders) ctx.remove(header);
  ctx.set(error.headers);
  ctx.set('Cache-Control', 'no-store');
  const correlation = correlationId(ctx);
  ctx.set('X-Correlation-ID', correlation);
  if (!wantsJson(ctx)) return answerPage(ctx, error, correlation);
  ctx.status = error.status;
  ctx.body = {
    status_code: error.status,
    error: error.publicMessage,
    ...(error.hasOwnCode && { error_code: error.code }),
    ...(error.details !== undefined && { details: error.details }),
    correlation_id: correlation,
  };
}

async function answerPage(ctx: Context, error: HttpError, correlation: string): Promise<void> {
  const retryAfterSeconds = Number(error.headers['Retry-After'] ?? 0);
  if (error.status === 404 && !error.pageMessage) return renderPage(ctx, 'not_found', {});
  if (error.status === 503 && retryAfterSeconds > 0) return renderPage(ctx, 'busy', { retryAfterSeconds });
  if (error.status === 429) {
    const retryAt = new Date(Date.now() + retryAfterSeconds * 1000);
    return renderPage(ctx, 'too_many_tries', retryAfterSeconds > 0 ? { retryAt } : {});
  }
  return renderPage(ctx, 'error', {
    code: error.code,
    status: error.status,
    correlationId: correlation,
    ...(error.pageMessage && { message: error.pageMessage }),
  });
}

/** A status that says error while nobody has written a body: Koa's own 404, the router's 405 and 501. */
function isBareError(ctx: Context): boolean {
  return (
    ctx.status >= 400 &&
    (ctx.body === null || ctx.body === undefined) &&
    ctx.respond !== false &&
    !ctx.headerSent
  );
}

function log(logger: ErrorLog, ctx: Context, status: number, cause: unknown): void {
  const { name, message, stack } = cause instanceof Error ? cause : new Error(String(cause));
  logger.error(
    {
      correlation_id: correlationId(ctx),
      method: ctx.method,
      path: withoutHandles(ctx.path),
      status,
      err: { type: name, message, stack },
    },
    'request failed',
  );
}

function retryOptions(retryAfterSeconds: number, options: HttpErrorOptions = {}): HttpErrorOptions {
  const seconds = String(Math.max(1, Math.ceil(retryAfterSeconds)));
  return { ...options, headers: { ...options.headers, 'Retry-After': seconds } };
}

const words: Record<number, string> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  406: 'Not acceptable',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Content too large',
  415: 'Unsupported media type',
  422: 'Unprocessable content',
  429: 'Too many requests',
  500: 'Server error',
  501: 'Not implemented',
  503: 'Service unavailable',
};

function wordsOf(status: number): string {
  return words[status] ?? (status >= 500 ? 'Server error' : 'Bad request');
}

function codeOf(status: number): string {
  return wordsOf(status).toLowerCase().replaceAll(' ', '_');
}

// A pending sign-in is named in its path by the value of its cookie, and values of cookies are not logged.
const withoutHandles = (path: string): string =>
  path.replace(/\/(interaction|authorize)\/[^/]+/, (_all, part: string) => `/${part}/...`);
