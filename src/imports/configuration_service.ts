import type { Knex } from 'knex';
import { relyingPartyOf } from '../credentials/passkeys.ts';
import type { Database } from '../db/connection.ts';
import { violatedUniqueConstraint } from '../db/errors.ts';
import { conflict, DomainError, forbidden, invalid, refuseAny, type Issue } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { PoolScope } from '../pools/pool.ts';
import { changePool, createPool } from '../pools/pool_service.ts';
import { lockPool } from '../pools/pool_store.ts';
import { requireReachOf } from '../roles/authorize.ts';
import { prepareSchema, putSchema, type PreparedSchema } from '../schemas/schema_service.ts';
import type { Sealer } from '../security/seal.ts';
import { changingConfig, type ConfigBus, type Touch } from '../workspaces/config_change.ts';
import { MAX_PEOPLE, type BasedOn, type Configuration, type InsertMode } from './configuration.ts';
import { putGroups, putMembers } from './configuration_groups.ts';
import { assemble } from './configuration_people.ts';
import { putPeople, versionIn } from './put_people.ts';

type TenantScope = { readonly tenantId: string };

export type ConfigurationService = ReturnType<typeof createConfigurationService>;

/** A tenant's configuration as one document (contract 5.11). Throws `DomainError`. */
export function createConfigurationService({
  db,
  bus,
  sealer,
  publicUrl,
}: {
  db: Database;
  bus: ConfigBus;
  sealer: Sealer;
  publicUrl: string;
}) {
  const secrets = { sealer, party: relyingPartyOf(publicUrl) };
  return {
    /**
     * Writes schemas, pools, people with all that is theirs, groups and members: all of it, or nothing. What has
     * an id that is there is replaced whole; what is not in the dump stays. 422 names every entry that cannot be,
     * 409 ids and names that are somebody else's, 403 what carries more authority than the caller, 412 pools and
     * people who are not as they were in what the dump is `basedOn`.
     */
    async put(
      scope: TenantScope,
      dump: Configuration,
      by: Actor,
      { mode = 'update', basedOn }: { mode?: InsertMode | undefined; basedOn?: BasedOn | undefined } = {},
    ): Promise<void> {
      if (dump.users.length > MAX_PEOPLE) {
        throw invalid(
          '/users',
          `must not hold more than ${MAX_PEOPLE}: import more as a file`,
          'too_many_users',
        );
      }
      refuseCodes(dump);
      refuseAny(assemble(dump).issues);
      const schemas = await prepareSchemas(dump);
      try {
        await changingConfig(db, bus, async (tx, touch) => {
          await putSchemas(tx, scope, dump, schemas, by);
          await putPools(tx, touch, scope, dump, by, basedOn);
          await putPeople(tx, secrets, scope, dump, { mode, basedOn }, by);
          await putGroups(tx, scope, dump);
          await putMembers(tx, scope, dump);
          await recordAudit(tx, scope, by, {
            subject: 'import',
            action: 'completed',
            payload: countsOf(dump),
          });
        });
      } catch (error) {
        if (violatedUniqueConstraint(error) === undefined) throw error;
        throw conflict('An id or a name in the dump belongs to something else', 'id_taken');
      }
    },
  };
}

const countsOf = (dump: Configuration) => ({
  schemas: dump.schemas.length,
  pools: dump.pools.length,
  users: dump.users.length,
  groups: dump.groups.length,
  group_members: dump.members.length,
});

/** Codes are kept as a keyed hash that no other server can have made; those that have expired mean nothing. */
function refuseCodes({ codes }: Configuration): void {
  refuseAny(
    codes.flatMap(({ expiresAt }, at) =>
      expiresAt.getTime() > Date.now()
        ? [
            {
              pointer: `/codes/${at}`,
              message: 'could not be verified here: leave it out and send the person a new one',
            },
          ]
        : [],
    ),
    'code_refused',
  );
}

async function prepareSchemas({ schemas }: Configuration): Promise<PreparedSchema[]> {
  const prepared: PreparedSchema[] = [];
  for (const [at, schema] of schemas.entries()) {
    prepared.push(await placing(`/schemas/${at}`, () => prepareSchema(schema)));
  }
  return prepared;
}

async function putSchemas(
  tx: Knex.Transaction,
  scope: TenantScope,
  { schemas }: Configuration,
  prepared: readonly PreparedSchema[],
  by: Actor,
): Promise<void> {
  for (const [at, { id }] of schemas.entries()) {
    const schemaScope = { tenantId: scope.tenantId, schemaId: id };
    await placing(`/schemas/${at}`, async () => {
      await requireReachOf(tx, scope, 'manage_identity_schemas', { type: 'schema', schemaId: id });
      await putSchema(tx, schemaScope, prepared[at] as PreparedSchema, by);
    });
  }
}

async function putPools(
  tx: Knex.Transaction,
  touch: Touch,
  scope: TenantScope,
  { pools }: Configuration,
  by: Actor,
  basedOn: BasedOn | undefined,
): Promise<void> {
  for (const [at, { workspaceId, ...input }] of pools.entries()) {
    await placing(`/pools/${at}`, async () => {
      const poolScope: PoolScope = { tenantId: scope.tenantId, poolId: input.id };
      const current = await lockPool(tx, poolScope, 'update');
      if (current === undefined) {
        if (workspaceId !== null) {
          await requireReachOf(tx, scope, 'create_workspace_pool', { type: 'workspace', workspaceId });
        }
        await createPool(tx, scope, input, by, { workspaceId, system: false });
        return;
      }
      if (current.system) throw forbidden('This pool is part of the tenant', 'system_pool');
      await requireReachOf(tx, scope, 'update_identity_pool', { type: 'pool', poolId: input.id });
      if (current.workspaceId !== workspaceId) throw conflict('A pool does not move between workspaces');
      await changePool(tx, touch, poolScope, input, by, versionIn(basedOn?.pools, input.id));
    });
  }
}

/** Runs the write of one entry; its issues then name their place in the dump. */
async function placing<T>(place: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const issues: readonly Issue[] = error.issues ?? [{ pointer: '', message: error.message }];
    throw new DomainError(error.kind, `${place}: ${error.message}`, {
      issues: issues.map(({ pointer, message }) => ({ pointer: place + pointer, message })),
      ...(error.code === undefined ? {} : { code: error.code }),
    });
  }
}
