import type { Knex } from 'knex';
import { refuseWhereGranted } from '../access/clients_using_store.ts';
import { createClient, type ClientInput } from '../clients/client_service.ts';
import { withDefaults, type Choices } from '../choices.ts';
import type { Database } from '../db/connection.ts';
import { isUniqueViolation, violatedForeignKey } from '../db/errors.ts';
import type { Page } from '../db/keyset.ts';
import {
  conflict,
  forbidden,
  invalid,
  notFound,
  refuseAny,
  requireVersion,
  type ExpectedVersion,
} from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { freeMapIssues, type FreeMap } from '../free_map.ts';
import { removePool } from '../pools/pool_removal.ts';
import { poolIdsOfWorkspace } from '../pools/pool_store.ts';
import { keepingAnAdministrator } from '../roles/last_administrator.ts';
import type { Principal } from '../roles/principal.ts';
import type { Sealer } from '../security/seal.ts';
import { endAccess } from '../sessions/end_access.ts';
import { isWorkspaceId, newSlug, SLUG_RULE } from '../tenants/slug.ts';
import { changingConfig, type ConfigBus, type WorkspaceScope } from './config_change.ts';
import { sealKey } from './key_changes.ts';
import { requireMethods } from './method_ceiling.ts';
import { pairwiseClients } from './pairwise_clients_store.ts';
import { listVisibleWorkspaces } from './visible_workspaces.ts';
import type { RsaStock } from './rsa_stock.ts';
import { makeSigningKeys, type NewSigningKey } from './signing_key.ts';
import {
  checkOwnPages,
  checkWorkspaceSettings,
  WORKSPACE_DEFAULTS,
  type Workspace,
  type WorkspaceSettings,
  type WorkspaceType,
} from './workspace.ts';
import * as store from './workspace_store.ts';

export type WorkspaceInput = Choices<WorkspaceSettings>;
export type NewWorkspaceInput = WorkspaceInput & {
  readonly id?: string | undefined;
  readonly keyType?: Workspace['keyType'] | undefined;
};

export type WorkspaceService = ReturnType<typeof createWorkspaceService>;

type Deps = {
  readonly db: Database;
  readonly bus: ConfigBus;
  readonly sealer: Sealer;
  readonly rsaStock: RsaStock;
};

/** Workspaces: the issuers of a tenant. Throws `DomainError`. */
export function createWorkspaceService({ db, bus, sealer, rsaStock }: Deps) {
  return {
    /** `withDemoClient` adds a public client for an application on `localhost:3000`, to try a sign-in with. */
    async create(
      scope: { readonly tenantId: string },
      input: NewWorkspaceInput,
      by: Actor,
      { withDemoClient }: { readonly withDemoClient: boolean } = { withDemoClient: false },
    ): Promise<Workspace> {
      const keys = await makeSigningKeys(rsaStock, input.keyType);
      return changingConfig(db, bus, async (tx, touch) => {
        const workspace = await createWorkspace(tx, sealer, scope, input, keys, by, { type: 'regular' });
        // A process may remember that there was no such workspace.
        const workspaceScope = { tenantId: scope.tenantId, workspaceId: workspace.id };
        await touch.workspace(workspaceScope);
        if (withDemoClient) {
          const client = { ...DEMO_CLIENT, id: `${workspace.id}-demo`, clientName: `${workspace.name} demo` };
          await createClient(tx, touch, { sealer, rsaStock }, workspaceScope, client, by, { system: false });
        }
        return workspace;
      });
    },

    async get(scope: WorkspaceScope): Promise<Workspace> {
      return (await store.findWorkspace(db.knex, scope)) ?? absent();
    },

    async list(
      scope: { readonly tenantId: string },
      filter: store.WorkspaceFilter,
      page: Page,
    ): Promise<Workspace[]> {
      return store.listWorkspaces(db.knex, scope, filter, page);
    },

    /**
     * Replaces the settings; what is left out takes its default. Keys, type and id stay. Refused (409) for the
     * `admin` workspace where nobody could sign in to it any more.
     */
    async update(
      scope: WorkspaceScope,
      input: WorkspaceInput,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<Workspace> {
      return changingConfig(db, bus, async (tx, touch) => {
        const change = async () => {
          const current = (await store.lockWorkspace(tx, scope, 'update')) ?? absent();
          requireVersion(expected, current);
          const settings = resolve(input, current.id);
          checkOwnPages(current.type, settings);
          if (!settings.subjectIdentifierTypes.includes('pairwise')) await requirePublicSubjects(tx, scope);
          const closed = current.grantTypes.filter((grant) => !settings.grantTypes.includes(grant));
          await refuseWhereGranted(tx, scope, closed);
          await store.updateWorkspace(tx, scope, settings);
          await touch.workspace(scope);
          if (!isSameList(settings.authenticationMechanisms, current.authenticationMechanisms)) {
            await requireMethods(tx, scope, 'workspace');
          }
          await audit(tx, scope, 'updated', by);
        };
        const administers = scope.workspaceId === 'admin';
        await (administers ? keepingAnAdministrator(tx, scope, change) : change());
        return (await store.findWorkspace(tx, scope)) ?? absent();
      });
    },

    /** Replaces the free map of a workspace and nothing else. */
    async replaceMetadata(
      scope: WorkspaceScope,
      metadata: FreeMap,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<Workspace> {
      refuseAny(freeMapIssues('/payload', metadata));
      return changingConfig(db, bus, async (tx) => {
        const current = (await store.lockWorkspace(tx, scope, 'update')) ?? absent();
        requireVersion(expected, current);
        await store.updateWorkspace(tx, scope, { metadata });
        await audit(tx, scope, 'updated', by);
        return (await store.findWorkspace(tx, scope)) ?? absent();
      });
    },

    /** The workspaces that the caller may see; the page begins after a workspace's id. */
    listVisible: (
      scope: { readonly tenantId: string },
      principal: Principal,
      page: { readonly limit: number; readonly after?: string | undefined },
    ): Promise<Workspace[]> => listVisibleWorkspaces(db, scope, principal, page),

    /** Deletes a workspace with its clients, connections, keys and own pools. Built-in ones stay (403). */
    async remove(scope: WorkspaceScope, by: Actor, expected?: ExpectedVersion): Promise<void> {
      await changingConfig(db, bus, async (tx, touch) => {
        const current = (await store.lockWorkspace(tx, scope, 'delete')) ?? absent();
        if (current.type === 'admin' || current.type === 'system') {
          throw forbidden('This workspace is part of the tenant and stays', 'built_in_workspace');
        }
        requireVersion(expected, current);
        await endAccess(tx, scope, 'workspace_deleted');
        // A workspace's own pools connect nowhere else, so no administrator signs in through them.
        for (const poolId of await poolIdsOfWorkspace(tx, scope)) {
          await removePool(
            tx,
            touch,
            { tenantId: scope.tenantId, poolId },
            { withConnections: true, withWorkspace: true, by },
          );
        }
        await store.deleteWorkspace(tx, scope);
        await touch.workspace(scope);
        await audit(tx, scope, 'deleted', by);
      });
    },
  };
}

/** Creates a workspace with its keys in the caller's transaction; for those that create more than a workspace. */
export async function createWorkspace(
  tx: Knex.Transaction,
  sealer: Sealer,
  { tenantId }: { readonly tenantId: string },
  input: NewWorkspaceInput,
  keys: readonly NewSigningKey[],
  by: Actor,
  { type }: { type: WorkspaceType },
): Promise<Workspace> {
  const id = input.id ?? newSlug();
  if (!isWorkspaceId(id)) {
    throw invalid('/id', SLUG_RULE);
  }
  const scope = { tenantId, workspaceId: id };
  const settings = resolve(input, id);
  try {
    await store.insertWorkspace(tx, { ...settings, tenantId, id, type, keyType: input.keyType ?? 'rsa' });
  } catch (error) {
    if (isUniqueViolation(error)) throw conflict('There is a workspace with this id already', 'id_taken');
    if (violatedForeignKey(error) !== undefined) throw notFound('Tenant');
    throw error;
  }
  await store.insertSigningKeys(
    tx,
    scope,
    keys.map((key) => sealKey(sealer, scope, key)),
  );
  await audit(tx, scope, 'created', by);
  return (await store.findWorkspace(tx, scope)) ?? absent();
}

const DEMO_CLIENT: ClientInput = {
  tokenEndpointAuthMethod: 'none',
  grantTypes: ['authorization_code', 'refresh_token'],
  redirectUris: ['http://localhost:3000/callback'],
  postLogoutRedirectUris: ['http://localhost:3000/'],
};

const isSameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((one) => b.includes(one));

const MAX_NAMED_CLIENTS = 20;

async function requirePublicSubjects(tx: Knex.Transaction, scope: WorkspaceScope): Promise<void> {
  const clients = await pairwiseClients(tx, scope, MAX_NAMED_CLIENTS);
  if (clients.length === 0) return;
  throw invalid(
    '/subject_identifier_types',
    `must hold pairwise: these clients have chosen it as their subject_type: ${clients.join(', ')}`,
  );
}

function resolve(input: WorkspaceInput, defaultName: string): WorkspaceSettings {
  const settings = withDefaults(input, { ...WORKSPACE_DEFAULTS, name: defaultName });
  checkWorkspaceSettings(settings);
  return settings;
}

async function audit(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  action: 'created' | 'updated' | 'deleted',
  by: Actor,
): Promise<void> {
  const { workspaceId } = scope;
  await recordAudit(tx, scope, by, {
    subject: 'server',
    action,
    workspaceId,
    payload: { server_id: workspaceId },
  });
}

function absent(): never {
  throw notFound('Workspace');
}
