import type { Knex } from 'knex';
import type { HashQueue } from '../credentials/hash_queue.ts';
import type { Choices } from '../choices.ts';
import type { Database } from '../db/connection.ts';
import type { Page } from '../db/keyset.ts';
import { inTransaction } from '../db/transaction.ts';
import { notFound, requireVersion, type ExpectedVersion } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { PoolScope } from '../pools/pool.ts';
import { countUserRemoved, findPool } from '../pools/pool_store.ts';
import { keepingAnAdministrator } from '../roles/last_administrator.ts';
import { endAccess } from '../sessions/end_access.ts';
import { hashNewPassword, type HashedPassword, type NewPassword } from './factors/new_password.ts';
import { checkNewFactors, putNewFactors, type FactorDeps, type NewFactors } from './factors/new_factors.ts';
import { notifyOfDeletion } from './notice.ts';
import { createUser, type NewUser } from './user_creation.ts';
import type { UserFilter } from './user_filter_store.ts';
import { findUserByName, type KnownName } from './named_user_store.ts';
import { listUsers } from './user_list_store.ts';
import { checkUserData, writtenDocuments } from './user_data.ts';
import * as store from './user_store.ts';
import type { FullUser, ListedUser, UserData, UserScope } from './user.ts';

/** What an administrator may change of a person; what is left out stays (contract 1.7). */
export type UserChange = Choices<UserData>;

export type NewUserInput = Omit<NewUser, 'password'> &
  NewFactors & {
    readonly password?: NewPassword | undefined;
    /** Where the password stands in the caller's input. */
    readonly passwordPointer?: string | undefined;
  };

export type UserService = ReturnType<typeof createUserService>;

/** The people of a pool. Throws `DomainError`; creating with a password may throw `HashQueueFull`. */
export function createUserService(deps: FactorDeps & { db: Database; hashQueue: HashQueue }) {
  const { db, hashQueue, sealer } = deps;
  const hashUnderPolicy = async (
    scope: PoolScope,
    password: NewPassword,
    { identifiers = [], addresses = [], payload, passwordPointer: pointer }: NewUserInput,
  ): Promise<HashedPassword> => {
    const pool = (await findPool(db.knex, scope)) ?? absentPool();
    const names = [...identifiers.map((one) => one.identifier), ...addresses.map((one) => one.address)];
    return hashNewPassword({ hashQueue }, db.knex, pool, password, {
      pointer: pointer ?? '/credentials/0/password',
      user: { identifiers: names, payload },
    });
  };
  return {
    async create(scope: PoolScope, input: NewUserInput, by: Actor): Promise<FullUser> {
      // The expensive part comes before the transaction, under the policy as it is now.
      const factors = checkNewFactors(deps, input);
      const password = input.password && (await hashUnderPolicy(scope, input.password, input));
      return inTransaction(db, async (tx) => {
        const user = await createUser(tx, scope, { ...input, password }, by);
        return putNewFactors(tx, deps, user, factors, by);
      });
    },

    async get(scope: UserScope): Promise<FullUser> {
      return (await store.findUser(db.knex, scope)) ?? absent();
    },

    /** The person by an identifier, or by an address that is proven to be theirs. */
    async getByKey(scope: PoolScope, key: KnownName, expected?: ExpectedVersion): Promise<FullUser> {
      const user = (await findUserByName(db.knex, scope, key)) ?? absent();
      requireVersion(expected, user);
      return user;
    },

    async list(scope: PoolScope, filter: UserFilter, page: Page): Promise<ListedUser[]> {
      if ((await findPool(db.knex, scope)) === undefined) absentPool();
      return listUsers(db.knex, scope, filter, page);
    },

    /** Changes what is given and leaves the rest. Leaving `active` ends all access in the same transaction. */
    async update(
      scope: UserScope,
      change: UserChange,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<FullUser> {
      return inTransaction(db, async (tx) => {
        const current = (await store.lockUserWithSchemas(tx, scope)) ?? absent();
        requireVersion(expected, current);
        const data: UserData = {
          status: change.status ?? current.status,
          payload: change.payload ?? current.payload,
          metadata: change.metadata ?? current.metadata,
          businessMetadata: change.businessMetadata ?? current.businessMetadata,
          payloadSchemaId: change.payloadSchemaId ?? current.payloadSchemaId,
          metadataSchemaId: change.metadataSchemaId ?? current.metadataSchemaId,
          businessMetadataSchemaId: change.businessMetadataSchemaId ?? current.businessMetadataSchemaId,
        };
        const written = writtenDocuments(change, current);
        await checkUserData(tx, scope, data, written, current.schemaRevisions);
        const statusChanged = data.status !== current.status;
        const leavesActive = current.status === 'active' && statusChanged;
        const apply = async () => {
          await store.updateUser(tx, scope, data, { statusChanged });
          if (leavesActive)
            await endAccess(tx, { tenantId: scope.tenantId, userId: scope.userId }, 'user_left_active');
          await audit(tx, scope, 'updated', by, {
            status: data.status,
            update_details: changedFields(change),
          });
        };
        await (leavesActive && current.hasRoles ? keepingAnAdministrator(tx, scope, apply) : apply());
        return (await store.findUser(tx, scope)) ?? absent();
      });
    },

    /** Removes a person for good and ends all access; their id is never given to anyone else. */
    async remove(scope: UserScope, by: Actor, expected?: ExpectedVersion): Promise<void> {
      await inTransaction(db, async (tx) => {
        const current = (await store.lockUser(tx, scope)) ?? absent();
        requireVersion(expected, current);
        const apply = async () => {
          // Whoever deletes others says so by means of their own; a stranger at somebody's account page does not.
          if (by.kind === 'user' && by.userId === scope.userId) {
            const { locale } = current.payload as { locale?: unknown };
            await notifyOfDeletion(tx, sealer, scope, {
              workspaceId: by.workspaceId,
              locale: typeof locale === 'string' ? locale : undefined,
            });
          }
          await endAccess(tx, { tenantId: scope.tenantId, userId: scope.userId }, 'user_deleted');
          await store.deleteUser(tx, scope);
          await countUserRemoved(tx, scope, current.userType);
          await audit(tx, scope, 'deleted', by, { status: current.status });
        };
        await (current.hasRoles ? keepingAnAdministrator(tx, scope, apply) : apply());
      });
    },
  };
}

const changedFields = (change: UserChange): string[] =>
  Object.entries(change)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);

async function audit(
  tx: Knex.Transaction,
  scope: UserScope,
  action: 'created' | 'updated' | 'deleted',
  by: Actor,
  payload: Readonly<Record<string, unknown>>,
): Promise<void> {
  await recordAudit(tx, scope, by, {
    subject: 'user',
    action,
    affected: { userId: scope.userId, poolId: scope.poolId },
    payload: { user_id: scope.userId, ...payload },
  });
}

function absent(): never {
  throw notFound('User');
}

function absentPool(): never {
  throw notFound('Pool');
}
