import { ADMIN_BASE, SYSTEM_BASE } from '../../both_apis.ts';
import { ofSystem, ofUser } from '../../requirement.ts';
import { route } from '../../route.ts';
import { ServerQuery } from './fields.ts';
import { CompleteAddressVerification, RequestOTPForAddress } from './schema.ts';

const tag = 'OTP';
const VERIFICATION = '/pools/{ipID}/users/{userID}/address/verification';

/** Whether an address is really the person's (contract 5.8). */
export const addressRoutes = [
  route({
    method: 'post',
    path: `${ADMIN_BASE}${VERIFICATION}/request`,
    operationId: 'RequestAddressVerification',
    summary: 'Send a link that verifies an address',
    tag,
    requires: ofUser('send_user_verification'),
    query: ServerQuery,
    body: RequestOTPForAddress,
    answers: { status: 204 },
    refuses: [404, 409, 412, 429],
    handler: async ({ params, query, body, by, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      const message = { form: 'link', workspaceId: query.server_id, by, source: undefined } as const;
      await domain.addressVerification.requestFor(scope, body.address, message);
      return {};
    },
  }),
  route({
    method: 'post',
    path: `${SYSTEM_BASE}${VERIFICATION}/request`,
    operationId: 'SystemRequestAddressVerification',
    summary: 'Send a code that verifies an address; the answer is the same whether or not anything is sent',
    tag,
    requires: ofSystem('identity'),
    query: ServerQuery,
    body: RequestOTPForAddress,
    answers: { status: 204 },
    refuses: [404, 409, 412, 429],
    handler: async ({ params, query, body, by, source, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      const message = { form: 'code', workspaceId: query.server_id, by, source } as const;
      await domain.addressVerification.request(scope, body.address, message);
      return {};
    },
  }),
  route({
    method: 'post',
    path: `${SYSTEM_BASE}${VERIFICATION}/complete`,
    operationId: 'SystemCompleteAddressVerification',
    summary: 'Verify an address with the code that was sent there',
    tag,
    requires: ofSystem('identity'),
    body: CompleteAddressVerification,
    answers: { status: 204 },
    refuses: [401, 404, 409, 412, 429],
    handler: async ({ params, body, by, source, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      await domain.addressVerification.complete(scope, { ...body, by, source, expected });
      return {};
    },
  }),
];
