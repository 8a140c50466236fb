import { HashQueueFull } from '../../credentials/hash_queue.ts';
import { DomainError, type DomainErrorKind } from '../../domain_error.ts';
import { notFound } from '../../http/errors.ts';
import { renderPage } from '../../http/render.ts';
import { appOf, type CodeFrame } from './frame.ts';

/** Runs a step and turns what may happen in any of them into a page: busy, too many tries, gone. */
export async function answeringRefusals(
  frame: Pick<CodeFrame, 'ctx' | 'app'>,
  step: () => Promise<void>,
): Promise<void> {
  const { ctx } = frame;
  try {
    await step();
  } catch (error) {
    if (error instanceof HashQueueFull) {
      return renderPage(ctx, 'busy', { retryAfterSeconds: error.retryAfterSeconds, ...appOf(frame) });
    }
    if (!(error instanceof DomainError)) throw error;
    if (error.kind === 'not_found') throw notFound();
    if (error.kind !== 'too_many_tries') throw error;
    const retryAt = new Date(Date.now() + (error.retryAfterSeconds ?? 0) * 1000);
    return renderPage(ctx, 'too_many_tries', { retryAt, ...appOf(frame) });
  }
}

const REFUSALS: ReadonlySet<DomainErrorKind> = new Set(['unauthorized', 'precondition_failed', 'conflict']);

/** Whether a service said that a proof does nothing (any more): never right, or somebody else was first. */
export const isRefused = (error: unknown): error is DomainError =>
  error instanceof DomainError && REFUSALS.has(error.kind);

/** Whether a service said that what was sent cannot be taken. */
export const isInvalid = (error: unknown): error is DomainError =>
  error instanceof DomainError && error.kind === 'invalid';
