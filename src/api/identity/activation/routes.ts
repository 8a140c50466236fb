import type { z } from 'zod';
import type { Activation } from '../../../users/journeys/activation_service.ts';
import { ADMIN_BASE, SYSTEM_BASE } from '../../both_apis.ts';
import { ofSystem, ofUser } from '../../requirement.ts';
import { route } from '../../route.ts';
import { toDelivery } from '../otp/fields.ts';
import { answerUser } from '../users/present.ts';
import { UserWithData } from '../users/schema.ts';
import { toPasskeyRecord } from '../../../credentials/passkey_document.ts';
import { ActivateSelfRegisteredUser, ActivationQuery, RequestActivation } from './schema.ts';

const tag = 'users';
const PERSON = '/pools/{ipID}/users/{userID}';

const toMessage = (query: z.output<typeof ActivationQuery>, body: z.output<typeof RequestActivation>) => ({
  ...toDelivery(query),
  address: (body.identifier ?? body.address) || undefined,
  postActivationUrl: query.post_activation_url,
});

const toActivation = (
  body: z.output<typeof ActivateSelfRegisteredUser>,
): Omit<Activation, 'by' | 'source'> => ({
  code: body.code,
  password: body.password,
  totpSecret: body.totp_secret,
  passkeys: body.webauthn?.map(toPasskeyRecord),
  address: body.otp_address || undefined,
  payload: body.payload,
});

/** Invitations and what they lead to (contract 5.1, 5.4). */
export const activationRoutes = [
  route({
    method: 'post',
    path: `${ADMIN_BASE}${PERSON}/activation/send`,
    operationId: 'SendActivationMessage',
    summary: 'Send a new person the message that lets them activate their account',
    description: 'An earlier activation code ends.',
    tag,
    requires: ofUser('send_user_activation'),
    query: ActivationQuery,
    body: RequestActivation,
    answers: { status: 204 },
    refuses: [404, 412, 429],
    handler: async ({ params, query, body, by, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      await domain.activationMessages.send(scope, { ...toMessage(query, body), by, source: undefined });
      return {};
    },
  }),
  route({
    method: 'post',
    path: `${SYSTEM_BASE}${PERSON}/activation/send`,
    operationId: 'SelfSendActivationMessage',
    summary: 'Send the activation message again for somebody who registered; the answer is always the same',
    tag,
    requires: ofSystem('identity'),
    query: ActivationQuery,
    body: RequestActivation,
    answers: { status: 204 },
    refuses: [404, 412, 429],
    handler: async ({ params, query, body, by, source, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      await domain.activationMessages.sendForPerson(scope, { ...toMessage(query, body), by, source });
      return {};
    },
  }),
  route({
    method: 'post',
    path: `${SYSTEM_BASE}${PERSON}/activate`,
    operationId: 'ActivateSelfRegisteredUser',
    summary: "Activate a person's account with a code",
    description: 'The address that received the code is verified and becomes a name to sign in with.',
    tag,
    requires: ofSystem('identity'),
    body: ActivateSelfRegisteredUser,
    answers: { status: 201, schema: UserWithData },
    refuses: [401, 404, 412, 429, 503],
    handler: async ({ params, body, by, source, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      return answerUser(
        await domain.activation.activate(scope, { ...toActivation(body), by, source, expected }),
      );
    },
  }),
  route({
    method: 'post',
    path: `${SYSTEM_BASE}/pools/{ipID}/user/activate`,
    operationId: 'ActivateSelfRegisteredUserUsingExtendedCode',
    summary: 'Activate the account that the long form of a code names',
    tag,
    requires: ofSystem('identity'),
    body: ActivateSelfRegisteredUser,
    answers: { status: 201, schema: UserWithData },
    refuses: [401, 404, 412, 429, 503],
    handler: async ({ params, body, by, source, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      return answerUser(
        await domain.activation.activateByLink(scope, { ...toActivation(body), by, source, expected }),
      );
    },
  }),
];
