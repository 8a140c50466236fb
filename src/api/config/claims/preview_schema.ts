import { z } from 'zod';
import type { PreviewInput } from '../../../claims/preview_service.ts';
import { VALUE_TYPES } from '../../../claims/value_type.ts';
import { distinct, id } from '../../fields.ts';

/** Who is spoken of to whom (ours; the contract has no such operation). */
export const PreviewBody = z
  .strictObject({
    client_id: id,
    user_pool_id: id,
    user_id: id,
    scopes: distinct(z.string().min(1).max(128), 100),
    amr: distinct(z.string().min(1).max(64), 20)
      .default(['pwd'])
      .meta({ description: 'How the person is taken to have signed in' }),
  })
  .meta({ id: 'ClaimsPreviewRequest' });

const rule = z.strictObject({
  rule: z.enum(['built_in', 'standard', 'claim']),
  scope: z.string().optional().meta({ description: 'Which standard scope carries it' }),
  claim_id: id.optional(),
  source_path: z.string().optional().meta({ description: 'Its place in the authentication context' }),
  mapping: z
    .strictObject({
      mode: z.enum(['dynamic', 'static']),
      source: z.string().optional(),
      target: z.string(),
      type: z.enum(VALUE_TYPES),
      static: z.unknown().optional(),
    })
    .optional()
    .meta({ description: 'What filled that place' }),
});
const place = z.strictObject({
  claims: z.record(z.string(), z.unknown()),
  rules: z.record(z.string(), rule),
});

export const PreviewResponse = z
  .strictObject({
    id_token: place,
    access_token: place.meta({ description: 'As a JWT' }),
    introspection: place.meta({ description: 'Of an access token that is no JWT' }),
    userinfo: place,
  })
  .meta({ id: 'ClaimsPreview' });

export const toPreviewInput = (given: z.output<typeof PreviewBody>): PreviewInput => ({
  clientId: given.client_id,
  poolId: given.user_pool_id,
  userId: given.user_id,
  scopes: given.scopes,
  amr: given.amr,
});
