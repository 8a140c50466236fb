import { codeIdOf } from '../../credentials/codes.ts';
import type { Database } from '../../db/connection.ts';
import { forbidden, notFound } from '../../domain_error.ts';
import type { AddressProof, AddressVerificationService } from '../journeys/address_verification_service.ts';
import { findCodeOwner } from '../known_user_store.ts';
import { refused } from './prove_code.ts';
import { readPublicUse } from './public_code_store.ts';
import type { PasswordReset, RecoveryService } from '../journeys/recovery_service.ts';

type WorkspaceScope = { readonly tenantId: string; readonly workspaceId: string };

export type PublicCodeDeps = {
  readonly db: Database;
  readonly recovery: RecoveryService;
  readonly addressVerification: AddressVerificationService;
};

export type PublicCodeService = ReturnType<typeof createPublicCodeService>;

/**
 * What anybody may do with a code and no token, for pages of a tenant's own (contract 2.3). Off until the tenant's
 * setting says otherwise: the hosted pages need none of it. Throws `DomainError`.
 */
export function createPublicCodeService({ db, recovery, addressVerification }: PublicCodeDeps) {
  return {
    /** Sets a new password: 403 while it is off, or the pool leaves resets to administrators; 401 for every code that is not good. */
    async confirmReset(
      scope: WorkspaceScope & { readonly poolId: string },
      reset: PasswordReset,
    ): Promise<void> {
      const { allowed, connected } = await readPublicUse(db.knex, scope);
      if (!allowed) throw forbidden('Resets without a token are off in this tenant', 'not_enabled');
      if (!connected) throw refused();
      await recovery.completeInPublic({ tenantId: scope.tenantId, poolId: scope.poolId }, reset);
    },

    /** Marks an address as proven by the long form of its code: 404 while it is off. */
    async verifyAddress({ tenantId, workspaceId }: WorkspaceScope, proof: AddressProof): Promise<void> {
      const codeId = codeIdOf(proof.code);
      const owner = codeId === undefined ? undefined : await findCodeOwner(db.knex, tenantId, codeId);
      // An id that no pool has, where there is no such code.
      const poolId = owner?.poolId ?? '';
      const { allowed, connected } = await readPublicUse(db.knex, { tenantId, workspaceId, poolId });
      if (!allowed) throw notFound('Operation');
      if (!connected) throw refused();
      await addressVerification.completeByLink({ tenantId }, proof);
    },
  };
}
