import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { badRequest, conflict, HttpError, unprocessable } from '../http/errors.ts';
import {
  claimKey,
  keepAnswer,
  releaseKey,
  type ClaimOutcome,
  type IdempotentRequest,
} from '../security/idempotency_store.ts';
import type { Sealer } from '../security/seal.ts';
import type { Answer } from './route.ts';

export type IdempotencyDeps = { readonly knex: Knex; readonly sealer: Sealer };

/** A POST with the header: who makes it, to what, with which key and content. */
export type KeyedRequest = {
  readonly tenantId: string;
  readonly caller: string;
  /** Method, path and query as they came. */
  readonly target: string;
  readonly key: string;
  readonly body: unknown;
};

export type KeyedAnswer = { readonly answer: Answer; readonly replayed: boolean };

type Kept =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | {
      readonly kind: 'refusal';
      readonly status: number;
      readonly message: string;
      readonly code?: string;
      readonly details?: unknown;
      readonly headers: Readonly<Record<string, string>>;
    };

/** How long an answer is repeated (contract section 0). */
const SECONDS = 60;
const KEY = /^[\x21-\x7e]{32,255}$/;
const WAIT_MS = { step: 100, most: 3_000 };
export const REPLAYED_HEADER = 'X-Idempotent-Replayed';

/** The place that an answer is sealed for. */
export const answerPlace = ({ tenantId, keyHash }: Pick<IdempotentRequest, 'tenantId' | 'keyHash'>): string =>
  `idempotent_answer:${tenantId}/${keyHash}`;

/**
 * Does the work of a request once for each key, caller and route within a minute. A repetition gets the first
 * answer again, refusals included; one that comes while the first is under way waits for it. What failed on our
 * side, or was refused for the moment only (429), is not kept.
 *
 * Throws `HttpError`: 400 for a key of the wrong form, 422 for another body under the same key, 409 when the
 * first request does not end, or ended with the process.
 */
export async function onceForKey(
  { knex, sealer }: IdempotencyDeps,
  request: KeyedRequest,
  work: () => Promise<Answer>,
): Promise<KeyedAnswer> {
  if (!KEY.test(request.key)) {
    throw badRequest('X-Idempotency-Key must be 32 to 255 visible ASCII characters');
  }
  const hash = (purpose: string, ...parts: string[]) => sealer.keyedHash(purpose, JSON.stringify(parts));
  const claim: IdempotentRequest = {
    tenantId: request.tenantId,
    keyHash: hash('idempotency-key', request.tenantId, request.caller, request.target, request.key),
    bodyHash: hash('idempotency-body', JSON.stringify(request.body) ?? ''),
  };
  const place = answerPlace(claim);

  const outcome = await settled(knex, claim);
  if (outcome.state === 'other_body') {
    throw unprocessable('This X-Idempotency-Key was used with another body: choose a new one', {
      code: 'idempotency_key_reused',
    });
  }
  if (outcome.state === 'under_way') {
    throw conflict('A request with this X-Idempotency-Key is under way', {
      code: 'idempotency_key_in_use',
      headers: { 'Retry-After': '1' },
    });
  }
  if (outcome.state === 'answered') {
    return { answer: repeat(JSON.parse(sealer.open(outcome.answer, place)) as Kept), replayed: true };
  }
  const keep = (kept: Kept) => keepAnswer(knex, claim, sealer.seal(JSON.stringify(kept), place));
  let answer: Answer;
  try {
    answer = await work();
  } catch (error) {
    const refusal = keepable(error);
    await (refusal === undefined ? releaseKey(knex, claim) : keep(refusal));
    throw error;
  }
  // Where this fails the key stays claimed: the effect is there, and must not happen again.
  await keep({ kind: 'answer', answer });
  return { answer, replayed: false };
}

async function settled(knex: Knex, claim: IdempotentRequest): Promise<ClaimOutcome> {
  const until = Date.now() + WAIT_MS.most;
  for (;;) {
    const outcome = await claimKey(knex, claim, SECONDS);
    if (outcome.state !== 'under_way' || Date.now() >= until) return outcome;
    await sleep(WAIT_MS.step);
  }
}

function keepable(error: unknown): Kept | undefined {
  if (!(error instanceof HttpError) || error.status >= 500 || error.status === 429) return undefined;
  return {
    kind: 'refusal',
    status: error.status,
    message: error.publicMessage,
    headers: error.headers,
    ...(error.hasOwnCode ? { code: error.code } : {}),
    ...(error.details === undefined ? {} : { details: error.details }),
  };
}

function repeat(kept: Kept): Answer {
  if (kept.kind === 'answer') return kept.answer;
  const { status, message, headers, code, details } = kept;
  throw new HttpError(status, message, {
    headers: { ...headers, [REPLAYED_HEADER]: 'true' },
    ...(code === undefined ? {} : { code }),
    ...(details === undefined ? {} : { details }),
  });
}
