import type { Outcome } from './channel.ts';

/** A gateway for texts takes a moment to hand on what it got. */
export const GATEWAY_TIMEOUT_MS = 10_000;

// About us or about the moment, not about the message: credentials, a limit, a gateway that starts.
const TEMPORARY_4XX = [401, 403, 408, 425, 429];

/** What the answer of a gateway means: 2xx is taken, 4xx about the message is final, all else is tried again. */
export function outcomeOfStatus(by: string, status: number): Outcome {
  if (status >= 200 && status < 300) return { ok: true, by };
  const permanent = status >= 400 && status < 500 && !TEMPORARY_4XX.includes(status);
  return { ok: false, permanent, error: `http_${status}` };
}

/** What it means when no answer came. */
export function outcomeOfFailure(error: unknown, signal: AbortSignal): Outcome {
  if (signal.aborted) return { ok: false, permanent: false, error: 'stopped' };
  const cause = error instanceof Error ? error.cause : undefined;
  const isTimeout = cause instanceof Error && cause.name === 'TimeoutError';
  return isTimeout
    ? { ok: false, permanent: false, error: 'timeout', slow: true }
    : { ok: false, permanent: false, error: 'connection' };
}
