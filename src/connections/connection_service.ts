import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { refuseWhereAnyRequired } from '../access/required_groups_store.ts';
import { withDefaults, type Choices } from '../choices.ts';
import type { Database } from '../db/connection.ts';
import { violatedUniqueConstraint } from '../db/errors.ts';
import type { Page } from '../db/keyset.ts';
import { conflict, invalid, notFound, requireVersion, type ExpectedVersion } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { PoolScope } from '../pools/pool.ts';
import { findPool, lockPool } from '../pools/pool_store.ts';
import { keepingAnAdministrator } from '../roles/last_administrator.ts';
import { endAccess } from '../sessions/end_access.ts';
import { isOpaqueId, OPAQUE_ID_RULE } from '../tenants/slug.ts';
import {
  changingConfig,
  type ConfigBus,
  type Touch,
  type WorkspaceScope,
} from '../workspaces/config_change.ts';
import { requireMethods } from '../workspaces/method_ceiling.ts';
import { findWorkspace, lockWorkspace } from '../workspaces/workspace_store.ts';
import {
  asksForMore,
  CONNECTION_DEFAULTS,
  checkConnectionSettings,
  mayNotConnect,
  noSuchPool,
  type Connection,
  type ConnectionScope,
  type ConnectionSettings,
} from './connection.ts';
import * as store from './connection_store.ts';

export type ConnectionInput = Choices<ConnectionSettings> & {
  readonly id?: string | undefined;
  readonly poolId: string;
};

/** More pools than this nobody can choose among; the contract's list of them has no pages. */
const MAX_CONNECTIONS = 500;

export type ConnectionService = ReturnType<typeof createConnectionService>;

/** Connections let the people of a pool into a workspace, or out again. Throws `DomainError`. */
export function createConnectionService({ db, bus }: { db: Database; bus: ConfigBus }) {
  return {
    async create(scope: WorkspaceScope, input: ConnectionInput, by: Actor): Promise<Connection> {
      return changingConfig(db, bus, (tx, touch) => connectPool(tx, touch, scope, input, by));
    },

    async get(scope: ConnectionScope): Promise<Connection> {
      return (await store.findConnection(db.knex, scope)) ?? absent();
    },

    async listByWorkspace(scope: WorkspaceScope): Promise<Connection[]> {
      if ((await findWorkspace(db.knex, scope)) === undefined) throw notFound('Workspace');
      return store.listConnectionsOfWorkspace(db.knex, scope);
    },

    async listByPool(scope: PoolScope, page: Page): Promise<Connection[]> {
      if ((await findPool(db.knex, scope)) === undefined) throw notFound('Pool');
      return store.listConnectionsOfPool(db.knex, scope, page);
    },

    /**
     * Replaces the settings; those left out take their defaults. The pool of a connection never changes.
     * Enabling it lets the pool's people in as connecting does, and mapping their metadata lets out what only those
     * who care for the pool may see, so `mayConnect` false refuses both (403).
     */
    async update(
      scope: ConnectionScope,
      input: Choices<ConnectionSettings> & { readonly poolId?: string | undefined },
      by: Actor,
      expected?: ExpectedVersion,
      { mayConnect }: { mayConnect: boolean } = { mayConnect: by.kind === 'system' },
    ): Promise<Connection> {
      return changingConfig(db, bus, async (tx, touch) => {
        const current = (await store.lockConnection(tx, scope)) ?? absent();
        requireVersion(expected, current);
        if (input.poolId !== undefined && input.poolId !== current.poolId) {
          throw invalid('/identity_pool_id', 'cannot be changed: delete this connection and create another');
        }
        const settings = resolve(input, current.name);
        const letsMoreOut = !mayConnect && asksForMore(settings.mappings, current.mappings);
        if ((current.disabled && !settings.disabled && !mayConnect) || letsMoreOut) {
          throw mayNotConnect();
        }
        const change = async () => {
          await touch.workspace(scope);
          await store.updateConnection(tx, scope, settings);
          if (current.disabled && !settings.disabled) {
            await requireMethods(tx, { ...scope, poolId: current.poolId }, 'connection');
          }
          if (settings.disabled && !current.disabled)
            await shutOut(tx, scope, current, 'connection_disabled');
          await audit(tx, scope, current.poolId, 'updated', by);
        };
        await (scope.workspaceId === 'admin' ? keepingAnAdministrator(tx, scope, change) : change());
        return (await store.findConnection(tx, scope)) ?? absent();
      });
    },

    async remove(scope: ConnectionScope, by: Actor, expected?: ExpectedVersion): Promise<void> {
      await changingConfig(db, bus, async (tx, touch) => {
        const current = (await store.lockConnection(tx, scope)) ?? absent();
        requireVersion(expected, current);
        if (by.kind === 'user' && by.poolId === current.poolId && by.workspaceId === scope.workspaceId) {
          throw invalid('', 'this is the connection you are signed in with', 'connection_in_use');
        }
        const change = async () => {
          await touch.workspace(scope);
          // From here on nobody begins to require what goes.
          await refuseWhereAnyRequired(tx, { ...scope, poolId: current.poolId });
          await store.deleteConnection(tx, scope);
          await shutOut(tx, scope, current, 'connection_deleted');
          await audit(tx, scope, current.poolId, 'deleted', by);
        };
        await (scope.workspaceId === 'admin' ? keepingAnAdministrator(tx, scope, change) : change());
      });
    },
  };
}

/** Connects a pool in the caller's transaction; for those that create a pool together with its connection. */
export async function connectPool(
  tx: Knex.Transaction,
  touch: Touch,
  scope: WorkspaceScope,
  input: ConnectionInput,
  by: Actor,
): Promise<Connection> {
  if ((await lockWorkspace(tx, scope, 'share')) === undefined) throw notFound('Workspace');
  const pool = await lockPool(tx, { tenantId: scope.tenantId, poolId: input.poolId }, 'share');
  if (pool === undefined) throw noSuchPool();
  if (pool.workspaceId !== null && pool.workspaceId !== scope.workspaceId) {
    throw invalid('/identity_pool_id', 'belongs to another workspace, which alone may connect it');
  }
  const connectionId = input.id ?? randomUUID();
  if (!isOpaqueId(connectionId)) throw invalid('/id', OPAQUE_ID_RULE);
  try {
    await store.insertConnection(tx, {
      ...resolve(input, pool.name),
      tenantId: scope.tenantId,
      workspaceId: scope.workspaceId,
      id: connectionId,
      poolId: pool.id,
    });
  } catch (error) {
    const constraint = violatedUniqueConstraint(error);
    if (constraint === 'connections_pkey')
      throw conflict('There is a connection with this id already', 'id_taken');
    if (constraint === 'connections_one_per_pool') {
      throw conflict('The pool is connected to this workspace already', 'already_connected');
    }
    throw error;
  }
  // Holds the workspace's row: whoever connects at the same time counts after us.
  await touch.workspace(scope);
  if ((await store.countConnectionsOfWorkspace(tx, scope)) > MAX_CONNECTIONS) {
    throw invalid('', `a workspace connects ${MAX_CONNECTIONS} pools at most`, 'too_many_connections');
  }
  await requireMethods(tx, { ...scope, poolId: pool.id }, 'connection');
  await audit(tx, { ...scope, connectionId }, pool.id, 'created', by);
  return (await store.findConnection(tx, { ...scope, connectionId })) ?? absent();
}

function resolve(input: Choices<ConnectionSettings>, defaultName: string): ConnectionSettings {
  const settings = withDefaults(
    // None at all is what the defaults are for.
    { ...input, mappings: input.mappings?.length === 0 ? undefined : input.mappings },
    { ...CONNECTION_DEFAULTS, name: defaultName },
  );
  checkConnectionSettings(settings);
  return settings;
}

async function shutOut(
  tx: Knex.Transaction,
  scope: ConnectionScope,
  connection: Connection,
  reason: 'connection_disabled' | 'connection_deleted',
): Promise<void> {
  const { tenantId, workspaceId } = scope;
  await endAccess(tx, { tenantId, workspaceId, poolId: connection.poolId }, reason);
}

async function audit(
  tx: Knex.Transaction,
  scope: ConnectionScope,
  poolId: string,
  action: 'created' | 'updated' | 'deleted',
  by: Actor,
): Promise<void> {
  await recordAudit(tx, scope, by, {
    subject: 'idp',
    action,
    workspaceId: scope.workspaceId,
    affected: { poolId, connectionId: scope.connectionId },
  });
}

function absent(): never {
  throw notFound('Connection');
}
