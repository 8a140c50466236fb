import { z } from 'zod';
import { open } from '../../requirement.ts';
import { route } from '../../route.ts';
import { SELF_BASE } from './own.ts';

const tag = 'self';
const code = z.string().max(256);

const ResetPasswordConfirm = z
  .strictObject({
    code,
    new_password: z.string().max(4096),
    identifier: z
      .string()
      .max(1024)
      .optional()
      .meta({ description: 'Needed beside the short form of the code' }),
  })
  .meta({ id: 'ResetPasswordConfirm' });

const SelfCompleteAddressVerification = z
  .strictObject({
    address: z.string().max(1024),
    code: code.meta({ description: 'The long form, as links carry it' }),
  })
  .meta({ id: 'SelfCompleteAddressVerification' });

/** Without a token, and off until the tenant's setting `security.codes_without_token` is true. */
export const publicRoutes = [
  route({
    method: 'post',
    path: `${SELF_BASE}/public/pools/{ipID}/reset-password/confirm`,
    operationId: 'ResetPasswordConfirm',
    summary: 'Set a new password with a reset code',
    description: 'Off unless the tenant’s `settings.security.codes_without_token` is true.',
    tag,
    requires: open,
    body: ResetPasswordConfirm,
    answers: { status: 204 },
    refuses: [401, 403, 404, 412, 429, 503],
    handler: async ({ params, body, by, source, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: params.aid, poolId: params.ipID };
      await domain.publicCodes.confirmReset(scope, {
        code: body.code,
        newPassword: body.new_password,
        key: { identifier: body.identifier },
        by,
        source,
      });
      return {};
    },
  }),
  route({
    method: 'post',
    path: `${SELF_BASE}/self/address-verification/complete`,
    operationId: 'SelfCompleteAddressVerification',
    summary: 'Prove an address with the code that was sent to it',
    description: 'Off unless the tenant’s `settings.security.codes_without_token` is true.',
    tag,
    requires: open,
    body: SelfCompleteAddressVerification,
    answers: { status: 204 },
    refuses: [401, 404, 409, 412, 429],
    handler: async ({ params, body, by, source, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: params.aid };
      await domain.publicCodes.verifyAddress(scope, { ...body, by, source });
      return {};
    },
  }),
];
