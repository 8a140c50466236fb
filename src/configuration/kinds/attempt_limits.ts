import { z } from 'zod';
import { BruteForceLimitBody } from '../../api/config/bruteforce/schema.ts';
import type { Answer } from '../../api/route.ts';
import { DomainError } from '../../domain_error.ts';
import { formatDuration } from '../../duration.ts';
import { PROTECTED_TYPES, type ProtectedType } from '../../security/attempts.ts';
import type { KindLimit } from '../../tenants/attempt_limit_service.ts';
import { kind, type Place } from '../kind.ts';

const limit = BruteForceLimitBody.pick({ max_attempts: true, block_duration: true });
const body = z
  .strictObject(
    Object.fromEntries(PROTECTED_TYPES.map((type) => [type, limit])) as Record<ProtectedType, typeof limit>,
  )
  .partial();

/** All limits on guessing in one file, by what is guessed. What it leaves out has its default. */
export const attemptLimits = kind({
  noun: 'brute-force limits',
  path: 'brute_force_limits.yaml',
  body,
  list: async (place) => [{ id: '', answer: await answer(place) }],
  async update(place, _key, wanted) {
    const { domain, tenantId, by } = place;
    for (const { kind: type, maxAttempts, blockSeconds } of await domain.attemptLimits.list({ tenantId })) {
      const chosen = wanted[type];
      if (chosen === undefined) {
        await domain.attemptLimits.reset({ tenantId }, type, by);
      } else if (chosen.max_attempts !== maxAttempts || chosen.block_duration !== blockSeconds) {
        const next = { maxAttempts: chosen.max_attempts, blockSeconds: chosen.block_duration };
        await placing(type, () => domain.attemptLimits.set({ tenantId }, type, next, by));
      }
    }
    return answer(place);
  },
});

async function answer({ domain, tenantId }: Place): Promise<Answer> {
  const limits = await domain.attemptLimits.list({ tenantId });
  return { body: Object.fromEntries(limits.map((one) => [one.kind, present(one)])) };
}

const present = ({ maxAttempts, blockSeconds }: KindLimit): object => ({
  max_attempts: maxAttempts,
  block_duration: formatDuration(blockSeconds),
});

async function placing(type: ProtectedType, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof DomainError) || error.issues === undefined) throw error;
    const issues = error.issues.map((issue) => ({ ...issue, pointer: `/${type}${issue.pointer}` }));
    throw new DomainError(error.kind, error.message, { issues });
  }
}
