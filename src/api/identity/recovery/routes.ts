import { ADMIN_BASE, SYSTEM_BASE } from '../../both_apis.ts';
import { ofSystem, ofUser } from '../../requirement.ts';
import { route } from '../../route.ts';
import { MessageQuery, ServerQuery, toDelivery, toUserKey } from '../otp/fields.ts';
import {
  CompleteResetPassword,
  ConfirmResetPassword,
  RequestAddOrResetCredential,
  RequestResetPassword,
} from './schema.ts';

const tag = 'users';
const RESET = `${SYSTEM_BASE}/pools/{ipID}/user/password/reset` as const;
const EFFECTS =
  'The address that received the code is verified, all sessions and tokens of the person end, and they are told.';

/** A new password for somebody who has lost theirs (contract 5.6). */
export const recoveryRoutes = [
  route({
    method: 'post',
    path: `${ADMIN_BASE}/pools/{ipID}/users/{userID}/password/reset/request`,
    operationId: 'RequestResetPassword',
    summary: 'Send a person the message to set a new password; the old one works until then',
    tag,
    requires: ofUser('manage_user_passwords'),
    query: ServerQuery,
    body: RequestResetPassword,
    answers: { status: 204 },
    refuses: [404],
    handler: async ({ params, query, body, by, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      const message = { form: 'link', workspaceId: query.server_id, by } as const;
      await domain.recovery.requestFor(scope, body.address, message);
      return {};
    },
  }),
  route({
    method: 'post',
    path: `${RESET}/request`,
    operationId: 'SystemRequestResetPassword',
    summary: 'Send a reset code to whoever the key names; the answer is the same for nobody',
    tag,
    requires: ofSystem('identity'),
    query: MessageQuery,
    body: RequestAddOrResetCredential,
    answers: { status: 204 },
    refuses: [404, 412],
    handler: async ({ params, query, body, by, source, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      await domain.recovery.request(scope, toUserKey(body), { ...toDelivery(query), by, source });
      return {};
    },
  }),
  completion('complete', 'CompleteResetPassword', 'Set a new password with a code', CompleteResetPassword),
  completion(
    'confirm',
    'ConfirmResetPassword',
    'The older form of complete, without an address',
    ConfirmResetPassword,
  ),
];

function completion(
  word: 'complete' | 'confirm',
  operationId: string,
  summary: string,
  body: typeof CompleteResetPassword | typeof ConfirmResetPassword,
) {
  return route({
    method: 'post',
    path: `${RESET}/${word}`,
    operationId,
    summary,
    description: EFFECTS,
    tag,
    requires: ofSystem('identity'),
    body,
    answers: { status: 204 },
    refuses: [401, 404, 412, 429, 503],
    handler: async ({ params, body, by, source, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const { code, new_password: newPassword } = body;
      const proof = { code, key: toUserKey(body), by, source, expected };
      await domain.recovery.complete(scope, { ...proof, newPassword });
      return {};
    },
  });
}
