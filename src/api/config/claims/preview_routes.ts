import { forbidden } from '../../../domain_error.ts';
import { route } from '../../route.ts';
import { presentPreview } from './preview_present.ts';
import { PreviewBody, PreviewResponse, toPreviewInput } from './preview_schema.ts';

export const claimsPreviewRoutes = [
  route({
    method: 'post',
    path: '/api/admin/{tid}/servers/{wid}/claims/preview',
    operationId: 'previewClaims',
    summary: 'What tokens and userinfo would say of somebody, and by which rule',
    description:
      'Besides what belongs to one issuance (times, ids of tokens, nonce, audience). Needs read_claims of the workspace too.',
    tag: 'claims',
    requires: {
      token: 'tenant',
      ofBody: (body) => ({
        permission: 'read_identity_pool_users',
        of: { type: 'user', poolId: body.user_pool_id, userId: body.user_id },
      }),
    },
    body: PreviewBody,
    answers: { status: 200, schema: PreviewResponse },
    refuses: [404],
    handler: async ({ params, body, allows, domain }) => {
      if (!(await allows('read_claims', { type: 'workspace', workspaceId: params.wid }))) {
        throw forbidden('This needs the permission read_claims', 'permission_missing');
      }
      const scope = { tenantId: params.tid, workspaceId: params.wid };
      return { body: presentPreview(await domain.claimsPreview.preview(scope, toPreviewInput(body))) };
    },
  }),
];
