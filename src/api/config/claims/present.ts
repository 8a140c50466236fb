import type { Claim } from '../../../claims/claim.ts';
import type { Answer } from '../../route.ts';

/** A claim as it leaves. */
export function presentClaim(claim: Claim): object {
  return {
    id: claim.id,
    tenant_id: claim.tenantId,
    authorization_server_id: claim.workspaceId,
    name: claim.name,
    type: claim.type,
    source_type: claim.sourceType,
    source_path: claim.sourcePath,
    mapping: claim.sourcePath,
    scopes: claim.scopes,
    opaque: claim.opaque,
    description: claim.description,
  };
}

export const answerClaim = (claim: Claim): Answer => ({
  body: presentClaim(claim),
  version: claim.rowVersion,
});
