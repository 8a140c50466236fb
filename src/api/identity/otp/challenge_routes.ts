import { ADMIN_BASE, SYSTEM_BASE } from '../../both_apis.ts';
import { ofSystem, ofUser } from '../../requirement.ts';
import { route } from '../../route.ts';
import { ServerQuery, toUserKey, UserID } from './fields.ts';
import {
  BaseVerifyOTP,
  InspectOTP,
  InspectOTPUserOperationalData,
  RequestOTPChallenge,
  RequestOTPCode,
  VerifyOTP,
} from './schema.ts';

const tag = 'OTP';
const ONE_PERSON = `${ADMIN_BASE}/pools/{ipID}/users/{userID}/otp` as const;
const SOMEBODY = `${SYSTEM_BASE}/pools/{ipID}/user` as const;
const COUNTED = 'Wrong codes count for the person; five of them end the code.';

/** A code to a person's address, and what they bring back (contract 5.5). */
export const challengeRoutes = [
  route({
    method: 'post',
    path: `${ONE_PERSON}/request`,
    operationId: 'RequestOTPChallenge',
    summary: 'Send a person a code, to an address of theirs that may be unverified',
    tag,
    requires: ofUser('manage_user_otps'),
    query: ServerQuery,
    body: RequestOTPChallenge,
    answers: { status: 204 },
    refuses: [404, 412, 429],
    handler: async ({ params, query, body, by, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      const message = { workspaceId: query.server_id, by, source: undefined };
      await domain.challenges.requestFor(scope, body.address, message);
      return {};
    },
  }),
  route({
    method: 'post',
    path: `${ONE_PERSON}/verify`,
    operationId: 'VerifyOTP',
    summary: "Check a person's code and use it up",
    description: COUNTED,
    tag,
    requires: ofUser('manage_user_otps'),
    body: InspectOTP,
    answers: { status: 200, schema: UserID },
    refuses: [401, 404, 412, 429],
    handler: async ({ params, body, by, source, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      const { userId } = await domain.challenges.verifyFor(scope, { code: body.code, by, source });
      return { body: { id: userId } };
    },
  }),
  route({
    method: 'post',
    path: `${SOMEBODY}/otp/inspect`,
    operationId: 'InspectOTP',
    summary: 'What the long form of a code is good for; it stays as it is',
    tag,
    requires: ofSystem('identity'),
    body: InspectOTP,
    answers: { status: 200, schema: InspectOTPUserOperationalData },
    refuses: [401, 404, 412, 429],
    handler: async ({ params, body, by, source, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const { userId, type, passwordSet } = await domain.codeInspection.inspect(scope, {
        code: body.code,
        by,
        source,
      });
      return { body: { user_id: userId, code_type: type, password_set: passwordSet } };
    },
  }),
  route({
    method: 'post',
    path: `${SOMEBODY}/otp/request`,
    operationId: 'SystemRequestOTPChallenge',
    summary: 'Send a code to whoever the key names; the answer is the same for nobody',
    tag,
    requires: ofSystem('identity'),
    query: ServerQuery,
    body: RequestOTPCode,
    answers: { status: 204 },
    refuses: [404, 412, 429],
    handler: async ({ params, query, body, by, source, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      await domain.challenges.request(scope, toUserKey(body), { workspaceId: query.server_id, by, source });
      return {};
    },
  }),
  verification({
    path: `${SOMEBODY}/otp/verify`,
    operationId: 'SystemVerifyOTP',
    summary: 'Whose challenge a code answers; it is used up',
    body: VerifyOTP,
    verify: 'verify',
  }),
  verification({
    path: `${SOMEBODY}/authentication-code/verify`,
    operationId: 'VerifyAuthenticationCode',
    summary: 'Whose sign-in a code completes; it is used up',
    body: BaseVerifyOTP,
    verify: 'verifyAuthentication',
  }),
];

type Verification = {
  readonly path: `${typeof SOMEBODY}/${string}`;
  readonly operationId: string;
  readonly summary: string;
  readonly body: typeof VerifyOTP | typeof BaseVerifyOTP;
  readonly verify: 'verify' | 'verifyAuthentication';
};

function verification({ verify, ...what }: Verification) {
  return route({
    ...what,
    method: 'post',
    description: COUNTED,
    tag,
    requires: ofSystem('identity'),
    answers: { status: 200, schema: UserID },
    refuses: [401, 404, 412, 429],
    handler: async ({ params, body, by, source, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const proof = { code: body.code, key: toUserKey(body), by, source };
      const { userId } = await domain.challenges[verify](scope, proof);
      return { body: { id: userId } };
    },
  });
}
