import type { Knex } from 'knex';
import { refuseWhereAsking } from '../access/clients_using_store.ts';
import { holdRequiredGroups } from '../access/required_groups_store.ts';
import type { Choices } from '../choices.ts';
import type { Database } from '../db/connection.ts';
import { isUniqueViolation, violatedForeignKey } from '../db/errors.ts';
import type { Page } from '../db/keyset.ts';
import {
  conflict,
  type DomainError,
  forbidden,
  invalid,
  notFound,
  requireVersion,
  type ExpectedVersion,
} from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { Sealer } from '../security/seal.ts';
import { endAccess } from '../sessions/end_access.ts';
import { isOpaqueId, newSlug, OPAQUE_ID_RULE } from '../tenants/slug.ts';
import { isOfAnotherKind } from '../tenants/subject_id_store.ts';
import {
  changingConfig,
  type ConfigBus,
  type Touch,
  type WorkspaceScope,
} from '../workspaces/config_change.ts';
import { provideKeys, type KeyMaker } from '../workspaces/key_changes.ts';
import { findWorkspace, lockWorkspace } from '../workspaces/workspace_store.ts';
import {
  checkClientSettings,
  isRestricted,
  resolveClientSettings,
  type Client,
  type ClientScope,
  type ClientSettings,
} from './client.ts';
import { hasSecret, isSecret, storeSecret, type StoredSecret } from './client_secret.ts';
import * as store from './client_store.ts';
import { forgetRotated } from './rotated_secrets_store.ts';
import { createSecretRotation } from './secret_rotation_service.ts';

export type ClientInput = Choices<ClientSettings> & {
  readonly id?: string | undefined;
  /** 32 characters at least; made (43 characters) where the method needs one and none is given. */
  readonly clientSecret?: string | undefined;
};

/** A client as its creator sees it: the one time that the secret is shown. */
export type CreatedClient = Client & { readonly clientSecret?: string };

export type ClientService = ReturnType<typeof createClientService>;

type Deps = KeyMaker & { readonly db: Database; readonly bus: ConfigBus };

/** The applications of a workspace. Throws `DomainError`. */
export function createClientService({ db, bus, sealer, rsaStock }: Deps) {
  const maker = { sealer, rsaStock };
  return {
    async create(scope: WorkspaceScope, input: ClientInput, by: Actor): Promise<CreatedClient> {
      return changingConfig(db, bus, (tx, touch) =>
        createClient(tx, touch, maker, scope, input, by, { system: false }),
      );
    },

    async get(scope: ClientScope): Promise<Client> {
      return (await store.findClient(db.knex, scope)) ?? absent();
    },

    async list(scope: WorkspaceScope, filter: store.ClientFilter, page: Page): Promise<Client[]> {
      if ((await findWorkspace(db.knex, scope)) === undefined) throw notFound('Workspace');
      return store.listClients(db.knex, scope, filter, page);
    },

    /**
     * Replaces the settings; what is left out takes its default, except the secret, which stays. A client that is
     * disabled, or has less than before (`isRestricted`), loses what was issued to it.
     */
    async update(
      scope: ClientScope,
      input: ClientInput & { readonly workspaceId?: string | undefined },
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<CreatedClient> {
      return changingConfig(db, bus, async (tx, touch) => {
        const current = (await store.lockClient(tx, scope)) ?? absent();
        requireVersion(expected, current);
        if (input.workspaceId !== undefined && input.workspaceId !== current.workspaceId) {
          throw invalid('/authorization_server_id', 'cannot be changed: a client stays in its workspace');
        }
        const workspaceScope = { tenantId: scope.tenantId, workspaceId: current.workspaceId };
        const workspace = (await lockWorkspace(tx, workspaceScope, 'share')) ?? absent();
        const settings = resolveClientSettings(input, current.clientName);
        checkClientSettings(settings, workspace);
        if (current.system && settings.requiredGroups.length > 0) throw systemStaysOpen();
        await holdRequiredGroups(tx, workspaceScope, settings.requiredGroups, current.requiredGroups);
        const secret = nextSecret(sealer, scope, current, settings, input.clientSecret);
        await provideKeys(tx, maker, workspaceScope, algsOf(settings), by);
        await store.updateClient(tx, scope, settings, secret);
        // Kept in another form, or not at all: what was rotated before fits no more.
        if (isSealed(secret) !== isSealed(current)) await forgetRotated(tx, scope);
        const isDisabled = settings.clientStatus === 'inactive' && current.clientStatus === 'active';
        if (isDisabled || isRestricted(current, settings)) {
          const reason = isDisabled ? 'client_disabled' : 'client_restricted';
          await endAccess(tx, { ...workspaceScope, clientId: current.id }, reason);
        }
        await touch.workspace(workspaceScope);
        await audit(tx, workspaceScope, scope.clientId, 'updated', by);
        const updated = (await store.findClient(tx, scope)) ?? absent();
        return secret.clear === undefined ? updated : { ...updated, clientSecret: secret.clear };
      });
    },

    ...createSecretRotation({ db, bus, sealer }),

    /** Whether the client has this secret; for whoever is about to set it, never for whoever presents it. */
    async holdsSecret(scope: ClientScope, secret: string): Promise<boolean> {
      const stored = (await store.findSecret(db.knex, scope)) ?? absent();
      return isSecret(sealer, scope, stored, secret);
    },

    async remove(scope: ClientScope, by: Actor, expected?: ExpectedVersion): Promise<void> {
      await changingConfig(db, bus, async (tx, touch) => {
        const current = (await store.lockClient(tx, scope)) ?? absent();
        if (current.system) throw forbidden('This client is part of the tenant and stays', 'system_client');
        requireVersion(expected, current);
        await refuseWhereAsking(tx, scope);
        const workspaceScope = { tenantId: scope.tenantId, workspaceId: current.workspaceId };
        await touch.workspace(workspaceScope);
        await endAccess(tx, { ...workspaceScope, clientId: scope.clientId }, 'client_deleted');
        await deleting(() => store.deleteClient(tx, scope));
        await audit(tx, workspaceScope, scope.clientId, 'deleted', by);
      });
    },
  };
}

/** Creates a client in the caller's transaction; for those that create more than a client. */
export async function createClient(
  tx: Knex.Transaction,
  touch: Touch,
  maker: KeyMaker,
  scope: WorkspaceScope,
  input: ClientInput,
  by: Actor,
  { system }: { system: boolean },
): Promise<CreatedClient> {
  const id = input.id ?? newSlug();
  if (!isOpaqueId(id)) throw invalid('/client_id', OPAQUE_ID_RULE);
  const clientScope = { tenantId: scope.tenantId, clientId: id };
  const workspace = await lockWorkspace(tx, scope, 'share');
  if (workspace === undefined) throw notFound('Workspace');
  const settings = resolveClientSettings(input, id);
  checkClientSettings(settings, workspace);
  if (input.id !== undefined && (await isOfAnotherKind(tx, scope, 'client', id))) throw idTaken();
  await holdRequiredGroups(tx, scope, settings.requiredGroups);
  const secret = storeSecret(maker.sealer, clientScope, settings.tokenEndpointAuthMethod, input.clientSecret);
  try {
    await store.insertClient(tx, { ...settings, ...scope, id, system }, secret);
  } catch (error) {
    if (isUniqueViolation(error)) throw idTaken();
    throw error;
  }
  await provideKeys(tx, maker, scope, algsOf(settings), by);
  await touch.workspace(scope);
  await audit(tx, scope, id, 'created', by);
  const client = (await store.findClient(tx, clientScope)) ?? absent();
  return secret.clear === undefined ? client : { ...client, clientSecret: secret.clear };
}

/** What the workspace signs for the client with, as far as the client says. */
const algsOf = ({ settings }: ClientSettings) => [
  settings.id_token_signed_response_alg,
  settings.userinfo_signed_response_alg,
];

/** The secret after an update: the old one unless another is given or the method needs another form of it. */
function nextSecret(
  sealer: Sealer,
  scope: ClientScope,
  current: Client & StoredSecret,
  settings: ClientSettings,
  given: string | undefined,
): StoredSecret & { readonly clear?: string } {
  const method = settings.tokenEndpointAuthMethod;
  const needsClear = method === 'client_secret_jwt';
  const usable = needsClear ? current.secretSealed !== null : current.secretHash !== null;
  const keep = given === undefined && hasSecret(method) && usable;
  return keep ? current : storeSecret(sealer, scope, method, given);
}

/** undefined: there is none. */
const isSealed = ({ secretHash, secretSealed }: StoredSecret): boolean | undefined =>
  secretHash === null && secretSealed === null ? undefined : secretSealed !== null;

async function audit(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  clientId: string,
  action: 'created' | 'updated' | 'deleted',
  by: Actor,
): Promise<void> {
  await recordAudit(tx, scope, by, {
    subject: 'client',
    action,
    workspaceId: scope.workspaceId,
    affected: { clientId },
  });
}

async function deleting(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (violatedForeignKey(error) !== 'apis_client') throw error;
    throw conflict('A service asks about its tokens by this client: give it another one first', 'in_use');
  }
}

// Whoever could shut out the administrators could shut out everybody.
const systemStaysOpen = (): DomainError =>
  invalid('/required_groups', "the tenant's own clients are open to whoever holds a role");

const idTaken = (): DomainError => conflict('This client id is taken', 'id_taken');

function absent(): never {
  throw notFound('Client');
}
