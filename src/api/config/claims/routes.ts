import { ofClaim, ofWorkspace, ofWorkspaceInBody } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerClaim, presentClaim } from './present.ts';
import { ClaimBody, ClaimResponse, ClaimsResponse, toClaimInput, UpdateClaimBody } from './schema.ts';

const tag = 'claims';
const ADMIN = '/api/admin/{tid}';

export const claimRoutes = [
  route({
    method: 'get',
    path: `${ADMIN}/servers/{wid}/claims`,
    operationId: 'listClaims',
    summary: 'All claims of a workspace, beyond those that the standard scopes carry',
    tag,
    requires: ofWorkspace('read_claims'),
    answers: { status: 200, schema: ClaimsResponse },
    refuses: [404],
    handler: async ({ params, domain }) => {
      const claims = await domain.claims.list({ tenantId: params.tid, workspaceId: params.wid });
      return { body: { claims: claims.map(presentClaim) } };
    },
  }),
  route({
    method: 'post',
    path: `${ADMIN}/claims`,
    operationId: 'createClaim',
    summary: 'Let tokens say something more of a person',
    description:
      'A claim with the name of one that a standard scope carries takes its place. What the protocol says cannot be replaced.',
    tag,
    requires: ofWorkspaceInBody('manage_claims'),
    body: ClaimBody,
    answers: { status: 201, schema: ClaimResponse },
    refuses: [404, 409],
    handler: async ({ params, body, by, domain }) => {
      const scope = { tenantId: params.tid, workspaceId: body.authorization_server_id };
      return answerClaim(await domain.claims.create(scope, { ...toClaimInput(body), id: body.id }, by));
    },
  }),
  route({
    method: 'put',
    path: `${ADMIN}/claims/{claim}`,
    operationId: 'updateClaim',
    summary: 'Replace a claim; what was issued before stays as it is',
    tag,
    requires: ofClaim('manage_claims'),
    body: UpdateClaimBody,
    answers: { status: 200, schema: ClaimResponse },
    refuses: [404, 409, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const scope = { tenantId: params.tid, claimId: params.claim };
      const input = { ...toClaimInput(body), workspaceId: body.authorization_server_id };
      return answerClaim(await domain.claims.update(scope, input, by, expected));
    },
  }),
  route({
    method: 'delete',
    path: `${ADMIN}/claims/{claim}`,
    operationId: 'deleteClaim',
    summary: 'Delete a claim; what was issued before stays as it is',
    tag,
    requires: ofClaim('manage_claims'),
    answers: { status: 204 },
    refuses: [404, 412],
    handler: async ({ params, by, expected, domain }) => {
      await domain.claims.remove({ tenantId: params.tid, claimId: params.claim }, by, expected);
      return {};
    },
  }),
];
