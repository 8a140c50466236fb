import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { Choices } from '../choices.ts';
import type { Database } from '../db/connection.ts';
import { violatedUniqueConstraint } from '../db/errors.ts';
import {
  conflict,
  type ExpectedVersion,
  forbidden,
  invalid,
  notFound,
  requireVersion,
} from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { changingConfig, type ConfigBus, type WorkspaceScope } from '../workspaces/config_change.ts';
import { findWorkspace, lockWorkspace } from '../workspaces/workspace_store.ts';
import { listApis, lockApi, findApi } from './api_store.ts';
import type { Api } from './api.ts';
import { builtInOf, builtInScopes } from './built_in_scopes.ts';
import { refuseWhereUsed } from './clients_using_store.ts';
import { holdRequiredGroups } from './required_groups_store.ts';
import { checkScope, MAX_SCOPES, type Scope, type ScopeKey, type ScopeSettings } from './scope.ts';
import * as store from './scope_store.ts';

export type ScopeInput = Choices<ScopeSettings> & { readonly name: string };

/** A scope as it is shown: ours by name, or an administrator's with the API it is for. */
export type ShownScope =
  | { readonly builtIn: { readonly tenantId: string; readonly workspaceId: string; readonly name: string } }
  | { readonly scope: Scope; readonly api: Api | undefined };

export type ScopeService = ReturnType<typeof createScopeService>;

/** What tokens of a workspace may be asked for. Throws `DomainError`. */
export function createScopeService({ db, bus }: { db: Database; bus: ConfigBus }) {
  return {
    /** Every scope of a workspace, the built-in ones first. */
    async list(scope: WorkspaceScope): Promise<ShownScope[]> {
      const workspace = await findWorkspace(db.knex, scope);
      if (workspace === undefined) throw notFound('Workspace');
      const apis = new Map((await listApis(db.knex, scope)).map((api) => [api.id, api]));
      const own = await store.listScopes(db.knex, scope);
      const { tenantId, workspaceId } = scope;
      return [
        ...builtInScopes(workspace).map((name) => ({ builtIn: { tenantId, workspaceId, name } })),
        ...own.map((one) => ({ scope: one, api: one.apiId === null ? undefined : apis.get(one.apiId) })),
      ];
    },

    async get(key: ScopeKey): Promise<ShownScope> {
      const named = builtInOf(key.scopeId);
      if (named !== undefined) {
        const workspace = await findWorkspace(db.knex, { ...key, workspaceId: named.workspaceId });
        if (workspace === undefined || !builtInScopes(workspace).includes(named.name)) absent();
        return { builtIn: { tenantId: key.tenantId, ...named } };
      }
      const scope = (await store.findScope(db.knex, key)) ?? absent();
      return shown(db.knex, scope);
    },

    async create(
      scope: WorkspaceScope,
      input: ScopeInput & { readonly id?: string | undefined },
      by: Actor,
    ): Promise<ShownScope> {
      const settings = resolve(input);
      checkScope({ ...settings, id: input.id });
      const id = input.id ?? randomUUID();
      return changingConfig(db, bus, async (tx, touch) => {
        if ((await lockWorkspace(tx, scope, 'update')) === undefined) throw notFound('Workspace');
        if ((await store.countScopes(tx, scope)) >= MAX_SCOPES) {
          throw conflict(`A workspace has at most ${MAX_SCOPES} scopes of its own`, 'too_many');
        }
        await checkApiOf(tx, scope, settings);
        await holdRequiredGroups(tx, scope, settings.requiredGroups);
        await writing(() => store.insertScope(tx, { ...settings, ...scope, id }));
        await touch.workspace(scope);
        await audit(tx, scope, 'created', by, { id, name: settings.name });
        return shown(tx, (await store.findScope(tx, { tenantId: scope.tenantId, scopeId: id })) ?? absent());
      });
    },

    /** Replaces what a scope says. The name stays while clients are registered for it. */
    async update(
      key: ScopeKey,
      input: ScopeInput & { readonly workspaceId?: string | undefined },
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<ShownScope> {
      refuseBuiltIn(key);
      const settings = resolve(input);
      checkScope(settings);
      return changingConfig(db, bus, async (tx, touch) => {
        const { current, scope } = await lock(tx, key);
        requireVersion(expected, current);
        if (input.workspaceId !== undefined && input.workspaceId !== current.workspaceId) {
          throw invalid('/authorization_server_id', 'cannot be changed: a scope stays in its workspace');
        }
        if (settings.name !== current.name) await refuseWhereUsed(tx, scope, { scopes: [current.name] });
        if (settings.apiId !== current.apiId) await checkApiOf(tx, scope, settings);
        await holdRequiredGroups(tx, scope, settings.requiredGroups, current.requiredGroups);
        await writing(() => store.updateScope(tx, key, settings));
        await touch.workspace(scope);
        await audit(tx, scope, 'updated', by, { id: current.id, name: settings.name });
        return shown(tx, (await store.findScope(tx, key)) ?? absent());
      });
    },

    async remove(key: ScopeKey, by: Actor, expected?: ExpectedVersion): Promise<void> {
      refuseBuiltIn(key);
      await changingConfig(db, bus, async (tx, touch) => {
        const { current, scope } = await lock(tx, key);
        requireVersion(expected, current);
        await refuseWhereUsed(tx, scope, { scopes: [current.name] });
        await store.deleteScope(tx, key);
        await touch.workspace(scope);
        await audit(tx, scope, 'deleted', by, current);
      });
    },
  };
}

const resolve = (input: ScopeInput): ScopeSettings => ({
  name: input.name,
  displayName: input.displayName ?? '',
  description: input.description ?? '',
  translations: input.translations ?? {},
  apiId: input.apiId ?? null,
  requiredGroups: input.requiredGroups ?? [],
  metadata: input.metadata ?? {},
});

/** The scope, with its workspace held first: whoever registers clients for it waits. */
async function lock(tx: Knex.Transaction, key: ScopeKey) {
  const { workspaceId } = (await store.findScope(tx, key)) ?? absent();
  const scope = { tenantId: key.tenantId, workspaceId };
  await lockWorkspace(tx, scope, 'delete');
  return { scope, current: (await store.lockScope(tx, key)) ?? absent() };
}

async function checkApiOf(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  { apiId }: ScopeSettings,
): Promise<void> {
  if (apiId === null) return;
  const api = await lockApi(tx, { tenantId: scope.tenantId, apiId }, 'share');
  if (api?.workspaceId !== scope.workspaceId) {
    throw invalid('/service_id', 'there is no such service in this workspace');
  }
}

async function shown(executor: Knex, scope: Scope): Promise<ShownScope> {
  const { tenantId, apiId } = scope;
  return { scope, api: apiId === null ? undefined : await findApi(executor, { tenantId, apiId }) };
}

async function writing(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const constraint = violatedUniqueConstraint(error);
    if (constraint === 'scopes_pkey') throw conflict('There is a scope with this id already', 'id_taken');
    if (constraint === 'scopes_name_unique') {
      throw conflict('There is a scope with this name in the workspace already', 'name_taken');
    }
    throw error;
  }
}

function refuseBuiltIn(key: ScopeKey): void {
  if (builtInOf(key.scopeId) !== undefined) {
    throw forbidden('This scope is built in and stays as it is', 'built_in');
  }
}

const audit = (
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  action: 'created' | 'updated' | 'deleted',
  by: Actor,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<void> =>
  recordAudit(tx, scope, by, {
    subject: 'scope',
    action,
    workspaceId: scope.workspaceId,
    payload: { id, name },
  });

function absent(): never {
  throw notFound('Scope');
}
