import { inBothApis, SYSTEM_BASE } from '../../both_apis.ts';
import { ofSystem, ofUser } from '../../requirement.ts';
import { route } from '../../route.ts';
import {
  ChangePassword,
  SetPasswordStateRequest,
  toUserKey,
  VerifyPassword,
  VerifyPasswordResponseData,
  VerifyPasswordResponseDataV2,
} from './schema.ts';

const tag = 'users';
const POOL = `${SYSTEM_BASE}/pools/{ipID}` as const;

/** For backends that sign people in by themselves. */
const verification = [
  route({
    method: 'post',
    path: `${POOL}/user/password/v2/verify`,
    operationId: 'VerifyPasswordV2',
    summary: 'Check a password, and say what it is worth',
    description: 'Wrong ones are counted for the person. Somebody who may not sign in is not found.',
    tag,
    requires: ofSystem('identity'),
    body: VerifyPassword,
    answers: { status: 200, schema: VerifyPasswordResponseDataV2 },
    refuses: [404, 412, 429, 503],
    handler: async ({ params, body, by, source, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const question = { key: toUserKey(body), password: body.password, source };
      const { userId, state, result } = await domain.passwords.judge(scope, question, by, expected);
      return { body: { id: userId, state, result } };
    },
  }),
  route({
    method: 'post',
    path: `${POOL}/user/password/verify`,
    operationId: 'VerifyPassword',
    summary: 'Check a password; one refusal for everything that is not right',
    description: 'The older form. An expired password answers with the state must_be_reset.',
    tag,
    requires: ofSystem('identity'),
    body: VerifyPassword,
    answers: { status: 200, schema: VerifyPasswordResponseData },
    refuses: [401, 404, 412, 429, 503],
    handler: async ({ params, body, by, source, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const question = { key: toUserKey(body), password: body.password, source };
      const { userId, state } = await domain.passwords.verify(scope, question, by, expected);
      return { body: { id: userId, state } };
    },
  }),
];

/** The same under its present and its older path. */
const changes = (
  [
    ['change-password', 'SystemChangePassword'],
    ['change_password', 'SystemDeprecatedChangePassword'],
  ] as const
).map(([path, operationId]) =>
  route({
    method: 'post',
    path: `${POOL}/users/{userID}/${path}`,
    operationId,
    summary: 'Change the password of a person, with the old one',
    description: 'Ends the sessions and refresh tokens of the person. Wrong old passwords are counted.',
    tag,
    requires: ofSystem('identity'),
    body: ChangePassword,
    answers: { status: 204 },
    refuses: [401, 404, 412, 429, 503],
    handler: async ({ params, body, by, source, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      const change = { oldPassword: body.old_password, newPassword: body.new_password };
      const kind = 'identity_change_password';
      const version = await domain.passwords.change(scope, change, kind, { by, source }, expected);
      return { version };
    },
  }),
);

/** Passwords of a pool's people (contract 2.1, 2.2, 5.3, 5.7). */
export const passwordRoutes = [
  ...inBothApis(({ base, needs, name }) => [
    route({
      method: 'put',
      path: `${base}/pools/{ipID}/users/{userID}/password/state`,
      operationId: name('SetPasswordState'),
      summary: 'Say what the password of a person is good for',
      description: 'must_be_changed opens one sign-in; must_be_reset opens none and needs a code.',
      tag,
      requires: needs(ofUser('manage_user_passwords')),
      body: SetPasswordStateRequest,
      answers: { status: 204 },
      refuses: [404, 409, 412],
      handler: async ({ params, body, by, expected, domain }) => {
        const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
        await domain.passwords.setState(scope, body.state, by, expected);
        return {};
      },
    }),
  ]),
  ...verification,
  ...changes,
];
