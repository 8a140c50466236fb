import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { connectPool } from '../connections/connection_service.ts';
import { withDefaults, type Choices } from '../choices.ts';
import type { Database } from '../db/connection.ts';
import { violatedForeignKey, violatedUniqueConstraint } from '../db/errors.ts';
import type { Page } from '../db/keyset.ts';
import {
  conflict,
  cursorGone,
  forbidden,
  invalid,
  notFound,
  requireVersion,
  type ExpectedVersion,
} from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { Principal } from '../roles/principal.ts';
import { keepingAnAdministrator } from '../roles/last_administrator.ts';
import { schemaChoiceIssues } from '../schemas/schema_choice.ts';
import { isSlug, SLUG_RULE } from '../tenants/slug.ts';
import { applyCaseRule } from '../users/case_rule.ts';
import {
  changingConfig,
  type ConfigBus,
  type WorkspaceScope,
  type Touch,
} from '../workspaces/config_change.ts';
import { requireMethods } from '../workspaces/method_ceiling.ts';
import { findWorkspace } from '../workspaces/workspace_store.ts';
import { purgeDeletedPools } from './pool_purge.ts';
import { removePool } from './pool_removal.ts';
import { listVisiblePools } from './visible_pools.ts';
import {
  checkPoolSettings,
  POOL_DEFAULTS,
  type CountedPool,
  type PoolScope,
  type PoolSettings,
  type TenantScope,
} from './pool.ts';
import * as store from './pool_store.ts';

export type PoolInput = Choices<Omit<PoolSettings, 'name'>> & Pick<PoolSettings, 'name'>;
export type NewPoolInput = PoolInput & { readonly id?: string | undefined };

type PoolListFilter = Pick<store.PoolFilter, 'searchPhrase' | 'sort' | 'label'>;

export type PoolService = ReturnType<typeof createPoolService>;

/** Pools: user stores of a tenant, or of one of its workspaces. Throws `DomainError`. */
export function createPoolService({ db, bus }: { db: Database; bus: ConfigBus }) {
  return {
    /** Creates a pool of one workspace, or with `workspaceId` null one that any workspace may connect. */
    async create(
      scope: TenantScope,
      input: NewPoolInput,
      by: Actor,
      { workspaceId }: { workspaceId: string | null } = { workspaceId: null },
    ): Promise<CountedPool> {
      return changingConfig(db, bus, (tx) =>
        createPool(tx, scope, input, by, { workspaceId, system: false }),
      );
    },

    /** Creates a pool that belongs to one workspace; `connect` lets its people sign in there at once. */
    async createInWorkspace(
      scope: WorkspaceScope,
      input: NewPoolInput,
      by: Actor,
      { connect }: { connect: boolean },
    ): Promise<CountedPool> {
      return changingConfig(db, bus, async (tx, touch) => {
        const { workspaceId } = scope;
        const pool = await createPool(tx, scope, input, by, { workspaceId, system: false });
        if (connect) await connectPool(tx, touch, scope, { poolId: pool.id, name: pool.name }, by);
        return pool;
      });
    },

    async get(scope: PoolScope): Promise<CountedPool> {
      return (await store.findPool(db.knex, scope)) ?? absent();
    },

    async list(scope: TenantScope, filter: PoolListFilter, page: Page): Promise<CountedPool[]> {
      return (await store.listPools(db.knex, scope, filter, page)) ?? badCursor();
    },

    /** The pools that belong to a workspace. */
    async listInWorkspace(scope: WorkspaceScope, filter: PoolListFilter, page: Page): Promise<CountedPool[]> {
      const { workspaceId } = scope;
      if ((await findWorkspace(db.knex, scope)) === undefined) throw notFound('Workspace');
      return (await store.listPools(db.knex, scope, { ...filter, workspaceId }, page)) ?? badCursor();
    },

    /** The pools around a workspace that the caller may see; the page begins after a pool's id. */
    listVisible: (
      scope: WorkspaceScope,
      principal: Principal,
      page: { readonly limit: number; readonly after?: string | undefined },
    ): Promise<CountedPool[]> => listVisiblePools(db, scope, principal, page),

    /**
     * Replaces the settings. What is left out takes its default; the settings that were resolved when the pool
     * was created, and those that the published contract does not know, stay as they are.
     */
    async update(
      scope: PoolScope,
      input: PoolInput,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<CountedPool> {
      return changingConfig(db, bus, (tx, touch) => changePool(tx, touch, scope, input, by, expected));
    },

    /**
     * Deletes a pool: its people lose access at once, its rows go later (`purge`). System pools stay (403).
     * `withConnections` removes its connections too; without it an enabled one is a conflict (409).
     */
    async remove(
      scope: PoolScope & { readonly workspaceId?: string | undefined },
      options: { withConnections: boolean },
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<void> {
      await changingConfig(db, bus, async (tx, touch) => {
        const pool = (await store.lockPool(tx, scope, 'update')) ?? absent();
        // Through a workspace's path only that workspace's own pools exist.
        if (scope.workspaceId !== undefined && pool.workspaceId !== scope.workspaceId) absent();
        if (pool.system) throw forbidden('This pool is part of the tenant and stays', 'system_pool');
        requireVersion(expected, pool);
        const { tenantId, poolId } = scope;
        await keepingAnAdministrator(tx, scope, () =>
          removePool(tx, touch, { tenantId, poolId }, { ...options, by }),
        );
      });
    },

    /** Removes the rows of deleted pools; for a job. Gives how many pools are gone. */
    purge: (): Promise<number> => purgeDeletedPools(db),
  };
}

/** Replaces a pool's settings in the caller's transaction; for those that change more than a pool. */
export async function changePool(
  tx: Knex.Transaction,
  touch: Touch,
  scope: PoolScope,
  input: PoolInput,
  by: Actor,
  expected?: ExpectedVersion,
): Promise<CountedPool> {
  const current = (await store.lockPool(tx, scope, 'update')) ?? absent();
  requireVersion(expected, current);
  const settings = await resolve(tx, scope, input, {
    ...POOL_DEFAULTS,
    passwordPolicy: current.passwordPolicy,
    passwordSettings: current.passwordSettings,
    otpSettings: current.otpSettings,
    adminInitiatedRegistrationAllowed: current.adminInitiatedRegistrationAllowed,
    labels: current.labels,
  });
  const write = () => writing(() => store.updatePool(tx, scope, settings));
  const keepsPasswords = settings.authenticationMechanisms.includes('password');
  await (keepsPasswords ? write() : keepingAnAdministrator(tx, scope, write));
  if (settings.identifierCaseInsensitive !== current.identifierCaseInsensitive) {
    await applyCaseRule(tx, scope, { caseInsensitive: settings.identifierCaseInsensitive });
  }
  await touch.workspacesOfPool(scope);
  const methods = settings.authenticationMechanisms;
  const second = settings.secondFactorAuthenticationMechanisms;
  const isLess = current.authenticationMechanisms.some((one) => !methods.includes(one));
  const isOther = second.join() !== current.secondFactorAuthenticationMechanisms.join();
  if (isLess || isOther) {
    await requireMethods(tx, { tenantId: scope.tenantId, poolId: scope.poolId }, 'pool');
  }
  await recordAudit(tx, scope, by, {
    subject: 'pool',
    action: 'updated',
    affected: { poolId: scope.poolId },
    payload: { name: settings.name },
  });
  return (await store.findPool(tx, scope)) ?? absent();
}

/** Creates a pool in the caller's transaction; for those that create more than a pool. */
export async function createPool(
  tx: Knex.Transaction,
  scope: TenantScope,
  input: NewPoolInput,
  by: Actor,
  place: { workspaceId: string | null; system: boolean },
): Promise<CountedPool> {
  const poolId = input.id ?? randomUUID();
  if (!isSlug(poolId)) throw invalid('/id', SLUG_RULE);
  const settings = await resolve(tx, scope, input, POOL_DEFAULTS);
  const pool = { ...settings, ...place, tenantId: scope.tenantId, id: poolId };
  await writing(() => store.insertPool(tx, pool));
  await recordAudit(tx, scope, by, {
    subject: 'pool',
    action: 'created',
    ...(place.workspaceId === null ? {} : { workspaceId: place.workspaceId }),
    affected: { poolId },
    payload: { name: pool.name },
  });
  return (await store.findPool(tx, { tenantId: scope.tenantId, poolId })) ?? absent();
}

async function resolve(
  tx: Knex.Transaction,
  scope: TenantScope,
  input: PoolInput,
  base: Omit<PoolSettings, 'name'>,
): Promise<PoolSettings> {
  const settings = { ...withDefaults(input, base), name: input.name.trim() };
  checkPoolSettings(settings, await schemaChoiceIssues(tx, scope, settings));
  return settings;
}

async function writing(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const constraint = violatedUniqueConstraint(error);
    if (constraint === 'pools_pkey') throw conflict('There is a pool with this id already', 'id_taken');
    if (constraint === 'pools_name_unique')
      throw conflict('There is a pool with this name already', 'name_taken');
    const missing = violatedForeignKey(error);
    if (missing === 'pools_tenant_id_fkey') throw notFound('Tenant');
    if (missing !== undefined) throw notFound('Workspace');
    throw error;
  }
}

function absent(): never {
  throw notFound('Pool');
}

function badCursor(): never {
  throw cursorGone('pool');
}
