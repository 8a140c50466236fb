import { z } from 'zod';
import { SYSTEM_BASE } from '../../both_apis.ts';
import { freeMap } from '../../fields.ts';
import { ofSystem } from '../../requirement.ts';
import { route } from '../../route.ts';
import { MAX_PASSWORD_CHARS, passkeys } from '../activation/schema.ts';
import { address, MessageQuery, toDelivery, UserID } from '../otp/fields.ts';
import { toPasskeyRecord } from '../../../credentials/passkey_document.ts';

const SelfRegisterUser = z
  .strictObject({
    identifier: address.min(1),
    otp_address: address.optional(),
    password: z.string().max(MAX_PASSWORD_CHARS).optional(),
    totp_secret: z.string().max(256).optional(),
    webauthn_credentials: passkeys.optional(),
    payload: freeMap.optional(),
  })
  .meta({ id: 'SelfRegisterUser' });

const RegistrationQuery = MessageQuery.extend({
  send_activation_message: z
    .enum(['true', 'false'])
    .default('true')
    .transform((text) => text === 'true')
    .meta({ description: 'false: the caller generates a code and delivers it' }),
});

/** People who make an account for themselves (contract 5.4). */
export const registrationRoutes = [
  route({
    method: 'post',
    path: `${SYSTEM_BASE}/pools/{ipID}/user/register`,
    operationId: 'SelfRegisterUser',
    summary: 'Register a person, who activates the account with the code they are sent',
    description:
      'For a name that is taken the answer is the same, with an id that leads nowhere; its owner is told.',
    tag: 'users',
    requires: ofSystem('identity'),
    query: RegistrationQuery,
    body: SelfRegisterUser,
    answers: { status: 201, schema: UserID },
    refuses: [404, 412, 429, 503],
    handler: async ({ params, query, body, by, source, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const { userId } = await domain.registration.register(scope, {
        ...toDelivery(query),
        identifier: body.identifier,
        otpAddress: body.otp_address || undefined,
        password: body.password,
        totpSecret: body.totp_secret,
        passkeys: body.webauthn_credentials?.map(toPasskeyRecord),
        payload: body.payload,
        sendMessage: query.send_activation_message,
        by,
        source,
      });
      return { body: { id: userId }, version: 1 };
    },
  }),
];
