import { SYSTEM_BASE } from '../../both_apis.ts';
import { ofSystem } from '../../requirement.ts';
import { route } from '../../route.ts';
import { MessageQuery, toDelivery, toUserKey } from '../otp/fields.ts';
import { toPasskeyRecord } from '../../../credentials/passkey_document.ts';
import { CompleteAddWebAuthn, CompleteResetTotp, RequestAddOrResetCredential } from './schema.ts';

const tag = 'users';
const SOMEBODY = `${SYSTEM_BASE}/pools/{ipID}/user` as const;

/** A new authenticator app or passkey by a code (contract 5.9, 5.10). */
export const factorRecoveryRoutes = [
  route({
    method: 'post',
    path: `${SOMEBODY}/totp/reset/request`,
    operationId: 'RequestResetTotp',
    summary: 'Send the code that lets a person set a new TOTP secret; the answer is the same for nobody',
    tag,
    requires: ofSystem('identity'),
    query: MessageQuery,
    body: RequestAddOrResetCredential,
    answers: { status: 204 },
    refuses: [404, 412],
    handler: async ({ params, query, body, by, source, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      await domain.factorRecovery.requestTotp(scope, toUserKey(body), { ...toDelivery(query), by, source });
      return {};
    },
  }),
  route({
    method: 'post',
    path: `${SOMEBODY}/totp/reset/complete`,
    operationId: 'CompleteResetTotp',
    summary: 'Set a new TOTP secret with a code; the person is told',
    tag,
    requires: ofSystem('identity'),
    body: CompleteResetTotp,
    answers: { status: 204 },
    refuses: [401, 404, 412, 429],
    handler: async ({ params, body, by, source, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const proof = { code: body.code, key: toUserKey(body), by, source, expected };
      await domain.factorRecovery.completeTotp(scope, { ...proof, newTotpSecret: body.new_totp_secret });
      return {};
    },
  }),
  route({
    method: 'post',
    path: `${SOMEBODY}/webauthn/add/request`,
    operationId: 'RequestAddWebAuthn',
    summary: 'Send the code that lets a person add a passkey; the answer is the same for nobody',
    tag,
    requires: ofSystem('identity'),
    query: MessageQuery,
    body: RequestAddOrResetCredential,
    answers: { status: 204 },
    refuses: [404, 412],
    handler: async ({ params, query, body, by, source, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      await domain.factorRecovery.requestPasskey(scope, toUserKey(body), {
        ...toDelivery(query),
        by,
        source,
      });
      return {};
    },
  }),
  route({
    method: 'post',
    path: `${SOMEBODY}/webauthn/add/complete`,
    operationId: 'CompleteAddWebAuthn',
    summary: 'Add a passkey with a code; the person is told',
    tag,
    requires: ofSystem('identity'),
    body: CompleteAddWebAuthn,
    answers: { status: 204 },
    refuses: [401, 404, 412, 429],
    handler: async ({ params, body, by, source, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const proof = { code: body.code, key: toUserKey(body), by, source, expected };
      await domain.factorRecovery.completePasskey(scope, {
        ...proof,
        passkey: toPasskeyRecord(body.new_web_authn),
      });
      return {};
    },
  }),
];
