import type { Requirement } from '../../requirement.ts';
import { ofPool, ofSystemWorkspace, ofWorkspace } from '../../requirement.ts';
import { route } from '../../route.ts';
import { RevokeTokenRequest, RevokeTokensByPoolRequest } from './schema.ts';

const tag = 'tokens';
const WHAT_ENDS =
  'Ends sessions, grants, refresh and opaque access tokens, codes and pending sign-ins. Access tokens that are JWTs live on until they expire.';

/** Signs people out at once (contract 3.5). */
export const tokenRoutes = [
  route({
    method: 'delete',
    path: '/api/admin/{tid}/pools/{ipID}/tokens',
    operationId: 'revokeTokensByPool',
    summary: 'End all access of up to 100 people of a pool, in every workspace',
    description: WHAT_ENDS,
    tag,
    requires: ofPool('revoke_tokens'),
    body: RevokeTokensByPoolRequest,
    answers: { status: 204 },
    refuses: [404],
    handler: async ({ params, body, by, allows, domain }) => {
      const poolId = params.ipID;
      await domain.revocations.ofUsers(
        { tenantId: params.tid, poolId },
        {
          userIds: body.users,
          mayActFor: (userId) => allows('revoke_tokens', { type: 'user', poolId, userId }),
          by,
        },
      );
      return {};
    },
  }),
  revocation('admin', 'revokeTokens', ofWorkspace('revoke_tokens')),
  revocation('system', 'systemRevokeTokens', ofSystemWorkspace('revoke_tokens', 'revoke_tokens')),
];

function revocation(api: 'admin' | 'system', operationId: string, requires: Requirement) {
  return route({
    method: 'delete',
    path: `/api/${api}/{tid}/servers/{wid}/tokens`,
    operationId,
    summary: 'End what up to 100 people have in a workspace',
    description: WHAT_ENDS,
    tag,
    requires,
    body: RevokeTokenRequest,
    answers: { status: 204 },
    refuses: [404],
    handler: async ({ params, body, by, domain }) => {
      await domain.revocations.ofSubjects(
        { tenantId: params.tid, workspaceId: params.wid },
        { subjects: body.subjects, connectionId: body.idp_id, by },
      );
      return {};
    },
  });
}
