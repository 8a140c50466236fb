import { z } from 'zod';

/** Every refusal (contract section 0). */
export const ErrorBody = z
  .strictObject({
    status_code: z.int(),
    error: z.string().meta({ description: 'What to change' }),
    error_code: z.string().optional().meta({ description: 'Stable, for programs' }),
    details: z.unknown().optional(),
    correlation_id: z
      .string()
      .optional()
      .meta({ description: 'Names this request in logs and audit events' }),
  })
  .meta({ id: 'Error' });
