import { answerClaim } from '../../api/config/claims/present.ts';
import { ClaimBody, toClaimInput } from '../../api/config/claims/schema.ts';
import { kind } from '../kind.ts';

export const claims = kind({
  noun: 'claim',
  path: 'workspaces/{workspace}/claims/{id}.yaml',
  idField: 'id',
  // `mapping` is the older name of `source_path`.
  leftOut: ['authorization_server_id', 'mapping', 'verified'],
  body: ClaimBody,
  placed: ({ workspace }) => ({ authorization_server_id: workspace }),
  list: async ({ domain, tenantId }, { workspace }) =>
    (await domain.claims.list({ tenantId, workspaceId: workspace })).map((claim) => ({
      id: claim.id,
      answer: answerClaim(claim),
    })),
  create: async ({ domain, tenantId, by }, { workspace, id }, body) => {
    const scope = { tenantId, workspaceId: workspace };
    return answerClaim(await domain.claims.create(scope, { ...toClaimInput(body), id }, by));
  },
  update: async ({ domain, tenantId, by }, { id }, body, expected) =>
    answerClaim(await domain.claims.update({ tenantId, claimId: id }, toClaimInput(body), by, expected)),
  remove: ({ domain, tenantId, by }, { id }, expected) =>
    domain.claims.remove({ tenantId, claimId: id }, by, expected),
});
