import { isDeepStrictEqual } from 'node:util';
import { createClient, type CreatedClient } from '../clients/client_service.ts';
import { connectPool } from '../connections/connection_service.ts';
import type { Choices } from '../choices.ts';
import type { Database } from '../db/connection.ts';
import { isUniqueViolation } from '../db/errors.ts';
import type { Page } from '../db/keyset.ts';
import { inTransaction } from '../db/transaction.ts';
import {
  conflict,
  forbidden,
  invalid,
  notFound,
  requireVersion,
  type ExpectedVersion,
} from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { purgePool } from '../pools/pool_purge.ts';
import { createPool } from '../pools/pool_service.ts';
import { insertGrant } from '../roles/role_store.ts';
import type { Sealer } from '../security/seal.ts';
import { changingConfig, type ConfigBus } from '../workspaces/config_change.ts';
import type { RsaStock } from '../workspaces/rsa_stock.ts';
import { makeSigningKeys } from '../workspaces/signing_key.ts';
import { createWorkspace } from '../workspaces/workspace_service.ts';
import { isTenantId, newSlug, SLUG_RULE } from './slug.ts';
import * as store from './tenant_store.ts';
import {
  ADMIN_WORKSPACE,
  checkTenantSettings,
  SYSTEM_WORKSPACE,
  type Tenant,
  type TenantSettings,
} from './tenant.ts';

type Scope = { readonly tenantId: string };

export type TenantInput = Choices<TenantSettings>;
export type NewTenantInput = TenantInput & {
  readonly id?: string | undefined;
  /** The pool of those who administer the tenant; a random id and the name `Administrators` when absent. */
  readonly administratorsPool?: { readonly id: string; readonly name: string } | undefined;
  /** The management client; random id and secret when absent. */
  readonly adminClient?:
    | { readonly id?: string; readonly name?: string; readonly clientSecret?: string }
    | undefined;
};

export type CreatedTenant = {
  readonly tenant: Tenant;
  readonly administratorsPoolId: string;
  /** With its secret, the one time that it is shown. */
  readonly adminClient: CreatedClient & { readonly clientSecret: string };
};

export type TenantService = ReturnType<typeof createTenantService>;

type Deps = {
  readonly db: Database;
  readonly bus: ConfigBus;
  readonly sealer: Sealer;
  readonly rsaStock: RsaStock;
};

/** Tenants: closed worlds of workspaces and pools. Throws `DomainError`. */
export function createTenantService({ db, bus, sealer, rsaStock }: Deps) {
  return {
    /**
     * Creates a tenant that can be administered at once: workspaces `admin` and `system`, a pool of administrators
     * connected to `admin`, and a management client with the tenant role `admin`.
     */
    async create(input: NewTenantInput, by: Actor): Promise<CreatedTenant> {
      const tenantId = input.id ?? newSlug();
      if (!isTenantId(tenantId)) {
        throw invalid('/id', SLUG_RULE);
      }
      const settings = resolve(input, tenantId);
      const [adminKeys, systemKeys] = await Promise.all([
        makeSigningKeys(rsaStock),
        makeSigningKeys(rsaStock),
      ]);
      const scope = { tenantId };
      const admin = { tenantId, workspaceId: ADMIN_WORKSPACE };
      return changingConfig(db, bus, async (tx, touch) => {
        try {
          await store.insertTenant(tx, scope, settings);
        } catch (error) {
          if (isUniqueViolation(error)) throw conflict('There is a tenant with this id already', 'id_taken');
          throw error;
        }
        await recordAudit(tx, scope, by, {
          subject: 'tenant',
          action: 'created',
          payload: { name: settings.name },
        });
        await createWorkspace(
          tx,
          sealer,
          scope,
          { id: ADMIN_WORKSPACE, name: 'Administration' },
          adminKeys,
          by,
          {
            type: 'admin',
          },
        );
        await createWorkspace(tx, sealer, scope, { id: SYSTEM_WORKSPACE, name: 'System' }, systemKeys, by, {
          type: 'system',
        });
        const pool = await createPool(
          tx,
          scope,
          { name: 'Administrators', ...input.administratorsPool, identifierCaseInsensitive: true },
          by,
          { workspaceId: null, system: true },
        );
        await connectPool(tx, touch, admin, { poolId: pool.id, name: pool.name }, by);
        const client = await createClient(
          tx,
          touch,
          { sealer, rsaStock },
          admin,
          {
            id: input.adminClient?.id,
            clientName: input.adminClient?.name ?? 'Management',
            clientSecret: input.adminClient?.clientSecret,
            grantTypes: ['client_credentials'],
          },
          by,
          { system: true },
        );
        await insertGrant(tx, scope, {
          resourceType: 'tenant',
          resourceId: '',
          role: 'admin',
          subjectType: 'client',
          subjectId: client.id,
        });
        await touch.workspacesOfTenant(scope);
        const tenant = (await store.findTenant(tx, scope)) ?? absent();
        const { clientSecret } = client;
        if (clientSecret === undefined) throw new Error('the management client came without its secret');
        return { tenant, administratorsPoolId: pool.id, adminClient: { ...client, clientSecret } };
      });
    },

    async get(scope: Scope): Promise<Tenant> {
      return (await store.findTenant(db.knex, scope)) ?? absent();
    },

    list: (page: Page): Promise<Tenant[]> => store.listTenants(db.knex, page),

    /** Replaces the settings; what is left out takes its default. */
    async update(scope: Scope, input: TenantInput, by: Actor, expected?: ExpectedVersion): Promise<Tenant> {
      return changingConfig(db, bus, async (tx, touch) => {
        const current = (await store.lockTenant(tx, scope, 'update')) ?? absent();
        requireVersion(expected, current);
        await store.updateTenant(tx, scope, resolve(input, scope.tenantId));
        const updated = (await store.findTenant(tx, scope)) ?? absent();
        await touch.workspacesOfTenant(scope);
        await recordAudit(tx, scope, by, {
          subject: 'tenant',
          action: 'updated',
          payload: { changed: changedParts(current, updated), settings: updated.settings },
        });
        return updated;
      });
    },

    /**
     * Deletes a tenant for good. All access ends first, in one transaction; then its people go in batches, so a
     * large tenant takes its time, and a deletion that was interrupted is taken up by repeating it.
     */
    async remove(
      scope: Scope,
      { systemTenantId }: { systemTenantId: string },
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<void> {
      const { tenantId } = scope;
      if (tenantId === systemTenantId) {
        throw forbidden('The installation is run from this tenant, so it stays', 'system_tenant');
      }
      await changingConfig(db, bus, async (tx, touch) => {
        const current = (await store.lockTenant(tx, scope, 'delete')) ?? absent();
        requireVersion(expected, current);
        await touch.workspacesOfTenant(scope);
        await store.closeTenant(tx, scope);
        // Its own trail goes with it.
        await recordAudit(tx, { tenantId: systemTenantId }, by, {
          subject: 'tenant',
          action: 'deleted',
          payload: { tenant_id: tenantId, name: current.name },
        });
      });
      for (const poolId of await store.poolIdsOfTenant(db.knex, scope))
        await purgePool(db, { tenantId, poolId });
      await inTransaction(db, (tx) => store.deleteTenant(tx, scope));
    },
  };
}

function resolve(input: TenantInput, defaultName: string): TenantSettings {
  const settings: TenantSettings = {
    name: input.name ?? defaultName,
    settings: input.settings ?? {},
    styling: input.styling ?? {},
    metadata: input.metadata ?? {},
  };
  checkTenantSettings(settings);
  return settings;
}

/** Which of its parts are others now. */
const changedParts = (before: TenantSettings, after: TenantSettings): string[] =>
  (['name', 'settings', 'styling', 'metadata'] as const).filter(
    (part) => !isDeepStrictEqual(before[part], after[part]),
  );

function absent(): never {
  throw notFound('Tenant');
}
