import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { Choices } from '../choices.ts';
import type { Database } from '../db/connection.ts';
import { violatedUniqueConstraint } from '../db/errors.ts';
import type { Page } from '../db/keyset.ts';
import { conflict, type ExpectedVersion, invalid, notFound, requireVersion } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { changingConfig, type ConfigBus, type WorkspaceScope } from '../workspaces/config_change.ts';
import { provideKeys, type KeyMaker } from '../workspaces/key_changes.ts';
import { findWorkspace, lockWorkspace } from '../workspaces/workspace_store.ts';
import { type Api, type ApiKey, type ApiSettings, checkApi, MAX_APIS } from './api.ts';
import * as store from './api_store.ts';
import { refuseWhereUsed } from './clients_using_store.ts';
import { holdRequiredGroups } from './required_groups_store.ts';
import type { Scope } from './scope.ts';
import { deleteScopesOfApi, listScopes } from './scope_store.ts';

export type ApiInput = Choices<ApiSettings> & Pick<ApiSettings, 'name' | 'audience'>;

/** An API with the scopes that are for it. */
export type ApiWithScopes = { readonly api: Api; readonly scopes: readonly Scope[] };

export type ApiService = ReturnType<typeof createApiService>;

/** The APIs that tokens of a workspace may be for. Throws `DomainError`. */
export function createApiService(deps: KeyMaker & { db: Database; bus: ConfigBus; publicUrl: string }) {
  const { db, bus } = deps;
  // What tokens for the management API name; see oidc/resources.ts.
  const reserved = [`${deps.publicUrl}/api`];
  return {
    async list(
      scope: WorkspaceScope,
      filter: { readonly searchPhrase?: string | undefined },
      page?: Page,
    ): Promise<ApiWithScopes[]> {
      if ((await findWorkspace(db.knex, scope)) === undefined) throw notFound('Workspace');
      const apis = await store.listApis(db.knex, scope, filter, page);
      const scopes = await listScopes(db.knex, scope);
      return apis.map((api) => ({ api, scopes: scopes.filter(({ apiId }) => apiId === api.id) }));
    },

    async get(key: ApiKey): Promise<ApiWithScopes> {
      return withScopes(db.knex, (await store.findApi(db.knex, key)) ?? absent());
    },

    async create(
      scope: WorkspaceScope,
      input: ApiInput & { readonly id?: string | undefined },
      by: Actor,
    ): Promise<ApiWithScopes> {
      const settings = resolve(input);
      checkApi({ ...settings, id: input.id }, reserved);
      const id = input.id ?? randomUUID();
      return changingConfig(db, bus, async (tx, touch) => {
        if ((await lockWorkspace(tx, scope, 'update')) === undefined) throw notFound('Workspace');
        if ((await store.countApis(tx, scope)) >= MAX_APIS) {
          throw conflict(`A workspace has at most ${MAX_APIS} services`, 'too_many');
        }
        await checkClient(tx, scope, settings);
        await holdRequiredGroups(tx, scope, settings.requiredGroups);
        await provideKeys(tx, deps, scope, [settings.tokenSigningAlg], by);
        await writing(() => store.insertApi(tx, { ...settings, ...scope, id }));
        await touch.workspace(scope);
        await audit(tx, scope, 'created', by, { ...settings, id });
        return withScopes(tx, (await store.findApi(tx, { ...scope, apiId: id })) ?? absent());
      });
    },

    /** Replaces the settings. The audience stays while clients are registered for it. */
    async update(
      key: ApiKey,
      input: ApiInput & { readonly workspaceId?: string | undefined },
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<ApiWithScopes> {
      const settings = resolve(input);
      checkApi(settings, reserved);
      return changingConfig(db, bus, async (tx, touch) => {
        const { current, scope } = await lock(tx, key);
        requireVersion(expected, current);
        if (input.workspaceId !== undefined && input.workspaceId !== current.workspaceId) {
          throw invalid('/authorization_server_id', 'cannot be changed: a service stays in its workspace');
        }
        if (settings.audience !== current.audience) {
          await refuseWhereUsed(tx, scope, { audience: current.audience });
        }
        await checkClient(tx, scope, settings);
        await holdRequiredGroups(tx, scope, settings.requiredGroups, current.requiredGroups);
        await provideKeys(tx, deps, scope, [settings.tokenSigningAlg], by);
        await writing(() => store.updateApi(tx, key, settings));
        await touch.workspace(scope);
        await audit(tx, scope, 'updated', by, { ...settings, id: current.id });
        return withScopes(tx, (await store.findApi(tx, key)) ?? absent());
      });
    },

    /** Removes an API with the scopes that are for it. */
    async remove(key: ApiKey, by: Actor, expected?: ExpectedVersion): Promise<void> {
      await changingConfig(db, bus, async (tx, touch) => {
        const { current, scope } = await lock(tx, key);
        requireVersion(expected, current);
        const { scopes } = await withScopes(tx, current);
        await refuseWhereUsed(tx, scope, {
          audience: current.audience,
          scopes: scopes.map(({ name }) => name),
        });
        await deleteScopesOfApi(tx, key);
        await store.deleteApi(tx, key);
        await touch.workspace(scope);
        await audit(tx, scope, 'deleted', by, current);
      });
    },
  };
}

const resolve = (input: ApiInput): ApiSettings => ({
  name: input.name,
  description: input.description ?? '',
  audience: input.audience,
  tokenFormat: input.tokenFormat ?? 'jwt',
  tokenSigningAlg: input.tokenSigningAlg ?? 'ES256',
  accessTokenTtlSeconds: input.accessTokenTtlSeconds ?? null,
  clientId: input.clientId ?? null,
  requiredGroups: input.requiredGroups ?? [],
});

/** The API, with its workspace held first: whoever registers clients for it waits. */
async function lock(tx: Knex.Transaction, key: ApiKey) {
  const { workspaceId } = (await store.findApi(tx, key)) ?? absent();
  const scope = { tenantId: key.tenantId, workspaceId };
  await lockWorkspace(tx, scope, 'delete');
  return { scope, current: (await store.lockApi(tx, key, 'update')) ?? absent() };
}

async function checkClient(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  { clientId }: ApiSettings,
): Promise<void> {
  if (clientId === null || (await store.lockAskingClient(tx, scope, clientId))) return;
  throw invalid('/client_id', 'must be a client of this workspace that authenticates');
}

async function withScopes(executor: Knex, api: Api): Promise<ApiWithScopes> {
  return { api, scopes: await listScopes(executor, api, { apiId: api.id }) };
}

async function writing(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const constraint = violatedUniqueConstraint(error);
    if (constraint === 'apis_pkey') throw conflict('There is a service with this id already', 'id_taken');
    if (constraint === 'apis_audience_unique') {
      throw conflict('There is a service with this audience in the workspace already', 'audience_taken');
    }
    throw error;
  }
}

const audit = (
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  action: 'created' | 'updated' | 'deleted',
  by: Actor,
  { id, name, audience }: { readonly id: string; readonly name: string; readonly audience: string },
): Promise<void> =>
  recordAudit(tx, scope, by, {
    subject: 'service',
    action,
    workspaceId: scope.workspaceId,
    payload: { id, name, audience },
  });

function absent(): never {
  throw notFound('Service');
}
