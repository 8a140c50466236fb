import type { Database } from '../db/connection.ts';
import { notFound, type ExpectedVersion } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import type { FreeMap } from '../free_map.ts';
import type { Mechanism, Pool } from '../pools/pool.ts';
import { findPool } from '../pools/pool_store.ts';
import { hideHidden } from '../schemas/hidden.ts';
import type { JsonSchema } from '../schemas/json_schema.ts';
import { loadSchemas, type LoadedSchema } from '../schemas/schema_cache.ts';
import { findWorkspace } from '../workspaces/workspace_store.ts';
import type { FullUser, UserScope } from './user.ts';
import type { UserService } from './user_service.ts';
import { findUser } from './user_store.ts';

/** The person, and the workspace that they came through. */
export type OwnScope = UserScope & { readonly workspaceId: string };

/** What people see of themselves (contract 1.13, 6.6). */
export type OwnData = {
  /** Metadata of both kinds without what their schemas hide. */
  readonly user: FullUser;
  readonly payloadSchema: JsonSchema | undefined;
};

export type Profile = OwnData & {
  readonly pool: Pool;
  /** Of the pool's ways to sign in, those that the workspace lets be used. */
  readonly allowedMechanisms: readonly Mechanism[];
};

export type ProfileService = ReturnType<typeof createProfileService>;

/** People's own profiles. Throws `DomainError`. */
export function createProfileService({ db, users }: { readonly db: Database; readonly users: UserService }) {
  const own = async (user: FullUser): Promise<OwnData> => {
    const schemas = await loadSchemas(db.knex, user, schemaIds(user));
    const metadata = shown(schemas, user.metadataSchemaId, user.metadata);
    const businessMetadata = shown(schemas, user.businessMetadataSchemaId, user.businessMetadata);
    return {
      user: { ...user, metadata, businessMetadata },
      payloadSchema: schemas.get(user.payloadSchemaId)?.inlined,
    };
  };

  const whole = async (scope: OwnScope, data: OwnData): Promise<Profile> => {
    const [pool, workspace] = await Promise.all([findPool(db.knex, scope), findWorkspace(db.knex, scope)]);
    if (pool === undefined || workspace === undefined) throw notFound('User');
    const ceiling: readonly string[] = workspace.authenticationMechanisms;
    const allowedMechanisms = pool.authenticationMechanisms.filter((one) => ceiling.includes(one));
    return { ...data, pool, allowedMechanisms };
  };

  const get = async (scope: OwnScope): Promise<OwnData> => {
    const user = await findUser(db.knex, userOf(scope));
    if (user === undefined) throw notFound('User');
    return own(user);
  };

  const update = async (
    scope: OwnScope,
    payload: FreeMap | undefined,
    by: Actor,
    expected: ExpectedVersion,
  ): Promise<OwnData> => own(await users.update(userOf(scope), { payload }, by, expected));

  return {
    get,
    getWhole: async (scope: OwnScope): Promise<Profile> => whole(scope, await get(scope)),

    /** Replaces the payload; nothing else of a person is theirs to change here. */
    update,
    updateWhole: async (...change: Parameters<typeof update>): Promise<Profile> =>
      whole(change[0], await update(...change)),
  };
}

const userOf = ({ tenantId, poolId, userId }: OwnScope): UserScope => ({ tenantId, poolId, userId });

const schemaIds = (user: FullUser): string[] =>
  [user.payloadSchemaId, user.metadataSchemaId, user.businessMetadataSchemaId].filter((id) => id !== null);

// A document whose schema cannot be found is hidden as a whole: what it would have hidden is not known.
function shown(
  schemas: ReadonlyMap<string, LoadedSchema>,
  schemaId: string | null,
  document: FreeMap,
): FreeMap {
  if (schemaId === null) return document;
  const schema = schemas.get(schemaId);
  return schema === undefined ? {} : hideHidden(schema.inlined, document);
}
