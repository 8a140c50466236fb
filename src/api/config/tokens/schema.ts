import { z } from 'zod';
import { id } from '../../fields.ts';

/** At most so many people a request. */
const MOST = 100;

export const RevokeTokensByPoolRequest = z
  .strictObject({ users: z.array(id).min(1).max(MOST) })
  .meta({ id: 'RevokeTokensByPoolRequest' });

export const RevokeTokenRequest = z
  .strictObject({
    subjects: z.array(id).min(1).max(MOST).meta({ description: 'As `sub` names people here' }),
    idp_id: id.optional().meta({ description: 'Only people who come in by this connection' }),
  })
  .meta({ id: 'RevokeTokenRequest' });
