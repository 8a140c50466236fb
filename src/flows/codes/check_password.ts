import { HashQueueFull } from '../../credentials/hash_queue.ts';
import { notFound } from '../../http/errors.ts';
import { createApiRate } from '../../security/api_rate.ts';
import { sourceOf } from '../../security/source_address.ts';
import { rateNewPassword } from '../../users/factors/new_password.ts';
import type { FlowDeps } from '../deps.ts';
import type { CodeFrame } from './frame.ts';
import { readStepForm } from './sealed_step.ts';

// Somebody who types slowly pauses a dozen times; each pause may cost a tenth of a second of work.
const PER_MINUTE = 40;
const MAX_IDENTIFIER_LENGTH = 320;
const MAX_CHARS = 300;

const rate = createApiRate(PER_MINUTE);

/** There is nothing to look at. */
export const showNothing = async (): Promise<void> => {
  throw notFound();
};

/**
 * Tells a script how a password that is being typed does by the rules: what it fails, and how hard to guess it is.
 * Nothing of the account is read, nothing stored; the form itself is checked again when it is sent.
 */
export async function checkTypedPassword(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const { form, step } = await readStepForm(deps, frame);
  const typed = step.typed ?? form.get('identifier') ?? '';
  await rateTyped(frame, { typed, password: form.get('new_password') ?? '' });
}

type Place = Pick<CodeFrame, 'ctx' | 'pool'>;

/** The same for a form that was read: `typed` is the name that the password is to be unlike. */
export async function rateTyped(
  frame: Place,
  { typed, password }: { readonly typed: string; readonly password: string },
): Promise<void> {
  const { ctx, pool } = frame;
  ctx.set('Cache-Control', 'no-store');
  const waitSeconds = rate(sourceOf(ctx.ip) ?? ctx.ip);
  if (waitSeconds !== undefined) return later(frame, waitSeconds);
  const identifiers = [typed.slice(0, MAX_IDENTIFIER_LENGTH)];
  try {
    const rated = await rateNewPassword(pool, password.slice(0, MAX_CHARS), {
      user: { identifiers },
      source: ctx.ip,
    });
    ctx.body = { score: rated.score, failed: rated.failed.map(({ rule }) => rule) };
  } catch (error) {
    if (!(error instanceof HashQueueFull)) throw error;
    later(frame, error.retryAfterSeconds);
  }
}

function later({ ctx }: Place, seconds: number): void {
  ctx.status = 429;
  ctx.set('Retry-After', String(seconds));
  ctx.body = { error: 'too_many_requests' };
}
