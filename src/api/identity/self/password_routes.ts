import { ofSelf, ofSelfV1 } from '../../requirement.ts';
import { route } from '../../route.ts';
import { ChangePassword, SetPassword } from '../passwords/schema.ts';
import { changerOf, ownScope, SELF_BASE } from './own.ts';

const tag = 'self';
const KIND = 'identity_self_change_password';

/** The same in both versions of the API, which ask for another scope. */
const changes = (
  [
    ['self/change-password', 'ChangePassword', ofSelfV1('manage_ss_profile')],
    ['v2/self/change-password', 'ChangePasswordV2', ofSelf('manage_ss_profile')],
  ] as const
).map(([path, operationId, requires]) =>
  route({
    method: 'post',
    path: `${SELF_BASE}/${path}`,
    operationId,
    summary: 'Change one’s password, with the old one',
    description:
      'Ends one’s other sessions and refresh tokens, and tells one’s proven addresses. Wrong old passwords are counted.',
    tag,
    requires,
    body: ChangePassword,
    answers: { status: 204 },
    refuses: [404, 412, 429, 503],
    handler: async (input) => {
      const { domain, body, expected } = input;
      const change = { oldPassword: body.old_password, newPassword: body.new_password };
      const version = await domain.passwords.change(
        ownScope(input),
        change,
        KIND,
        changerOf(input),
        expected,
      );
      return { version };
    },
  }),
);

export const selfPasswordRoutes = [
  ...changes,
  route({
    method: 'post',
    path: `${SELF_BASE}/v2/self/set-password`,
    operationId: 'SetPassword',
    summary: 'Set a first password',
    tag,
    requires: ofSelf('manage_ss_profile', { recent: true }),
    body: SetPassword,
    answers: { status: 204 },
    refuses: [404, 412, 503],
    handler: async (input) => {
      const { domain, body, expected } = input;
      const version = await domain.passwords.setFirst(
        ownScope(input),
        body.new_password,
        changerOf(input),
        expected,
      );
      return { version };
    },
  }),
];
