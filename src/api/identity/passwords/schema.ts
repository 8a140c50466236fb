import { z } from 'zod';
import { id } from '../../fields.ts';

/** Beyond any password: what is longer is refused before anything is done with it (S-PW-02). */
const password = z.string().max(4096);
const states = z.enum(['valid', 'must_be_reset', 'must_be_changed']);

/** What is asked about a password: whose it is, by id or by a sign-in name. */
export const VerifyPassword = z
  .strictObject({
    identifier: z.string().max(320).optional(),
    userID: z.string().max(64).optional(),
    id: z.string().max(64).optional().meta({ description: 'The older name of userID, which it overrides' }),
    password,
  })
  .meta({ id: 'VerifyPassword' });

/** `id` is the older name of `userID` and wins where both are given; `''` is nobody. */
export function toUserKey({ id: older = '', userID, identifier }: z.output<typeof VerifyPassword>) {
  return { userId: older === '' ? userID : older, identifier };
}

export const VerifyPasswordResponseData = z
  .strictObject({ id, state: states })
  .meta({ id: 'VerifyPasswordResponseData' });

export const VerifyPasswordResponseDataV2 = z
  .strictObject({
    id: z.string().meta({ description: 'Empty when nobody is known by that name' }),
    state: states,
    result: z.enum([
      'password_correct',
      'password_incorrect',
      'password_expired',
      'no_password',
      'user_not_found',
    ]),
  })
  .meta({ id: 'VerifyPasswordResponseDataV2' });

export const ChangePassword = z
  .strictObject({ old_password: password, new_password: password })
  .meta({ id: 'ChangePassword' });

export const SetPassword = z.strictObject({ new_password: password }).meta({ id: 'SetPassword' });

export const SetPasswordStateRequest = z
  .strictObject({ state: states })
  .meta({ id: 'SetPasswordStateRequest' });
