import { z } from 'zod';
import { PROTECTED_TYPES } from '../../../security/attempts.ts';
import { duration, durationAnswer, id, readOnly } from '../../fields.ts';

const limit = {
  protected_type: z.enum(PROTECTED_TYPES),
  max_attempts: z.int().min(0).meta({ description: 'Failures in a row; 0 switches the limit off' }),
};

/** How often one kind of guess may fail, and for how long nothing is evaluated then (contract 3.2). */
export const BruteForceLimitBody = z
  .strictObject({ ...limit, block_duration: duration, tenant_id: readOnly })
  .meta({ id: 'BruteForceLimitRequest' });

export const BruteForceLimit = z
  .strictObject({ ...limit, block_duration: durationAnswer, tenant_id: id })
  .meta({ id: 'BruteForceLimit' });

export const BruteForceLimits = z
  .strictObject({ brute_force_limits: z.array(BruteForceLimit) })
  .meta({ id: 'BruteForceLimits' });
