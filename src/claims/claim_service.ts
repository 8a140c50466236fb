import type { Knex } from 'knex';
import type { Choices } from '../choices.ts';
import type { Database } from '../db/connection.ts';
import { violatedUniqueConstraint } from '../db/errors.ts';
import { conflict, invalid, notFound, requireVersion, type ExpectedVersion } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { isOpaqueId, newSlug, OPAQUE_ID_RULE } from '../tenants/slug.ts';
import { changingConfig, type ConfigBus, type WorkspaceScope } from '../workspaces/config_change.ts';
import { findWorkspace, lockWorkspace } from '../workspaces/workspace_store.ts';
import { checkClaimSettings, MAX_CLAIMS, type Claim, type ClaimScope, type ClaimSettings } from './claim.ts';
import * as store from './claim_store.ts';

export type ClaimInput = Pick<ClaimSettings, 'name' | 'type' | 'sourcePath'> &
  Choices<Pick<ClaimSettings, 'sourceType' | 'scopes' | 'opaque' | 'description'>>;

export type ClaimService = ReturnType<typeof createClaimService>;

/** What tokens of a workspace say beyond the standard. Throws `DomainError`. */
export function createClaimService({ db, bus }: { db: Database; bus: ConfigBus }) {
  return {
    async create(
      scope: WorkspaceScope,
      input: ClaimInput & { readonly id?: string | undefined },
      by: Actor,
    ): Promise<Claim> {
      const claimId = input.id ?? newSlug();
      if (!isOpaqueId(claimId)) throw invalid('/id', OPAQUE_ID_RULE);
      const settings = resolve(input);
      return changingConfig(db, bus, async (tx, touch) => {
        // Held for the count: two at once could exceed the limit.
        if ((await lockWorkspace(tx, scope, 'update')) === undefined) throw notFound('Workspace');
        if ((await store.countClaims(tx, scope)) >= MAX_CLAIMS) {
          throw invalid('', `a workspace has ${MAX_CLAIMS} claims at most`, 'too_many_claims');
        }
        await refusingTaken(() => store.insertClaim(tx, { ...settings, ...scope, id: claimId }));
        await touch.workspace(scope);
        const claim = (await store.findClaim(tx, { tenantId: scope.tenantId, claimId })) ?? absent();
        await audit(tx, claim, 'created', by);
        return claim;
      });
    },

    /** All of them: they are few, and the contract pages them nowhere. */
    async list(scope: WorkspaceScope): Promise<Claim[]> {
      if ((await findWorkspace(db.knex, scope)) === undefined) throw notFound('Workspace');
      return store.listClaims(db.knex, scope);
    },

    /** Replaces the settings; what is left out takes its default. A claim stays in its workspace. */
    async update(
      scope: ClaimScope,
      input: ClaimInput & { readonly workspaceId?: string | undefined },
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<Claim> {
      const settings = resolve(input);
      return changingConfig(db, bus, async (tx, touch) => {
        const current = (await store.lockClaim(tx, scope)) ?? absent();
        requireVersion(expected, current);
        if (input.workspaceId !== undefined && input.workspaceId !== current.workspaceId) {
          throw invalid('/authorization_server_id', 'cannot be changed: a claim stays in its workspace');
        }
        await refusingTaken(() => store.updateClaim(tx, scope, settings));
        await touch.workspace(current);
        await audit(tx, current, 'updated', by);
        return (await store.findClaim(tx, scope)) ?? absent();
      });
    },

    async remove(scope: ClaimScope, by: Actor, expected?: ExpectedVersion): Promise<void> {
      await changingConfig(db, bus, async (tx, touch) => {
        const current = (await store.lockClaim(tx, scope)) ?? absent();
        requireVersion(expected, current);
        await store.deleteClaim(tx, scope);
        await touch.workspace({ tenantId: current.tenantId, workspaceId: current.workspaceId });
        await audit(tx, current, 'deleted', by);
      });
    },
  };
}

function resolve(input: ClaimInput): ClaimSettings {
  const settings: ClaimSettings = {
    name: input.name,
    type: input.type,
    sourceType: input.sourceType ?? 'authnCtx',
    sourcePath: input.sourcePath,
    scopes: input.scopes ?? [],
    opaque: input.opaque ?? false,
    description: input.description ?? '',
  };
  checkClaimSettings(settings);
  return settings;
}

async function refusingTaken(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const constraint = violatedUniqueConstraint(error);
    if (constraint === 'claims_pkey') throw conflict('There is a claim with this id already', 'id_taken');
    if (constraint === 'claims_one_per_name') {
      throw conflict('There is a claim of this type and name already', 'name_taken');
    }
    throw error;
  }
}

async function audit(
  tx: Knex.Transaction,
  claim: Claim,
  action: 'created' | 'updated' | 'deleted',
  by: Actor,
): Promise<void> {
  const { tenantId, workspaceId, id, name, type } = claim;
  await recordAudit(tx, { tenantId }, by, {
    subject: 'claim',
    action,
    workspaceId,
    payload: { claim_id: id, name, type },
  });
}

function absent(): never {
  throw notFound('Claim');
}
