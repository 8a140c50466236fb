import { SYSTEM_BASE } from '../../both_apis.ts';
import { ofSystem } from '../../requirement.ts';
import { route } from '../../route.ts';
import { ChangeTotpSecret } from './schema.ts';

/** The secret of a person's authenticator app, changed by a backend that has asked for a code (contract 2.2). */
export const totpRoutes = [
  route({
    method: 'post',
    path: `${SYSTEM_BASE}/pools/{ipID}/users/{userID}/totp/change`,
    operationId: 'SystemChangeTotpSecret',
    summary: 'Change a TOTP secret, with a current code of the old one',
    description:
      'A code counts once. Wrong codes are counted for the person. Ends the person’s sessions and refresh tokens.',
    tag: 'users',
    requires: ofSystem('identity'),
    body: ChangeTotpSecret,
    answers: { status: 204 },
    refuses: [401, 404, 412, 429],
    handler: async ({ params, body, by, source, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      const change = { totp: body.totp, newTotpSecret: body.new_totp_secret };
      const guess = { kind: 'identity_change_totp_secret', source } as const;
      await domain.totp.change(scope, change, guess, { by }, expected);
      return {};
    },
  }),
];
