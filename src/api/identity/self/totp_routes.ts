import { ofSelf } from '../../requirement.ts';
import { route } from '../../route.ts';
import { ChangeTotpSecret, SetTotpSecret } from '../totp/schema.ts';
import { changerOf, ownScope, SELF_BASE } from './own.ts';

const tag = 'self';

export const selfTotpRoutes = [
  route({
    method: 'post',
    path: `${SELF_BASE}/v2/self/set-totp-secret`,
    operationId: 'SetTotpSecret',
    summary: 'Set a first TOTP secret',
    description: 'Ends one’s other sessions and refresh tokens, and tells one’s proven addresses.',
    tag,
    requires: ofSelf('manage_ss_profile', { recent: true }),
    body: SetTotpSecret,
    answers: { status: 204 },
    refuses: [404, 412],
    handler: async (input) => {
      const { domain, body, expected } = input;
      await domain.totp.set(ownScope(input), body.new_totp_secret, changerOf(input), expected);
      return {};
    },
  }),
  route({
    method: 'post',
    path: `${SELF_BASE}/v2/self/change-totp-secret`,
    operationId: 'ChangeTotpSecret',
    summary: 'Change one’s TOTP secret, with a current code of the old one',
    description: 'A code counts once. Wrong codes are counted. Ends one’s other sessions and refresh tokens.',
    tag,
    requires: ofSelf('manage_ss_profile'),
    body: ChangeTotpSecret,
    answers: { status: 204 },
    refuses: [404, 412, 429],
    handler: async (input) => {
      const { domain, body, source, expected } = input;
      const change = { totp: body.totp, newTotpSecret: body.new_totp_secret };
      const guess = { kind: 'identity_self_change_totp_secret', source } as const;
      await domain.totp.change(ownScope(input), change, guess, changerOf(input), expected);
      return {};
    },
  }),
];
