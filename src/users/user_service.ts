import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { HashQueue } from '../credentials/hash_queue.ts';
import type { Choices } from '../choices.ts';
import type { Database } from '../db/connection.ts';
import { violatedUniqueConstraint } from '../db/errors.ts';
import type { Page } from '../db/keyset.ts';
import { inTransaction } from '../db/transaction.ts';
import {
  conflict,
  type DomainError,
  invalid,
  notFound,
  requireVersion,
  type ExpectedVersion,
} from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { PoolScope } from '../pools/pool.ts';
import { countUsers, findPool, lockPool } from '../pools/pool_store.ts';
import { keepingAnAdministrator } from '../roles/last_administrator.ts';
import { endAccess } from '../sessions/end_access.ts';
import { isOpaqueId, OPAQUE_ID_RULE } from '../tenants/slug.ts';
import { isOfAnotherKind } from '../tenants/subject_id_store.ts';
import { hashNewPassword, type HashedPassword, type NewPassword } from './new_password.ts';
import { listUsers, type UserFilter } from './user_list_store.ts';
import * as store from './user_store.ts';
import {
  checkUserData,
  keyAddresses,
  keyIdentifiers,
  type FullUser,
  type ListedUser,
  type NewAddress,
  type NewIdentifier,
  type UserData,
  type UserScope,
} from './user.ts';

/** What an administrator may change of a person; what is left out stays (contract 1.7). */
export type UserChange = Choices<UserData>;

export type NewUserInput = UserChange & {
  readonly id?: string | undefined;
  readonly status: UserData['status'];
  readonly identifiers?: readonly NewIdentifier[] | undefined;
  readonly addresses?: readonly NewAddress[] | undefined;
  readonly password?: NewPassword | undefined;
};

export type UserService = ReturnType<typeof createUserService>;

/** The people of a pool. Throws `DomainError`; creating with a password may throw `HashQueueFull`. */
export function createUserService({ db, hashQueue }: { db: Database; hashQueue: HashQueue }) {
  const hashUnderPolicy = async (scope: PoolScope, password: NewPassword): Promise<HashedPassword> => {
    const pool = (await findPool(db.knex, scope)) ?? absentPool();
    return hashNewPassword(hashQueue, pool, password, '/credentials/0/password');
  };
  return {
    async create(scope: PoolScope, input: NewUserInput, by: Actor): Promise<FullUser> {
      const userId = input.id ?? randomUUID();
      if (!isOpaqueId(userId)) throw invalid('/id', OPAQUE_ID_RULE);
      // The expensive part comes before the transaction, under the policy as it is now.
      const password = input.password && (await hashUnderPolicy(scope, input.password));
      return inTransaction(db, async (tx) => {
        const pool = (await lockPool(tx, scope, 'share')) ?? absentPool();
        if (!pool.adminInitiatedRegistrationAllowed && by.kind !== 'system') {
          throw invalid('', 'administrators may not create people in this pool', 'registration_not_allowed');
        }
        const data: UserData = {
          status: input.status,
          payload: input.payload ?? {},
          metadata: input.metadata ?? {},
          businessMetadata: input.businessMetadata ?? {},
          payloadSchemaId: input.payloadSchemaId ?? pool.payloadSchemaId,
          metadataSchemaId: input.metadataSchemaId ?? pool.metadataSchemaId,
          businessMetadataSchemaId: input.businessMetadataSchemaId ?? pool.businessMetadataSchemaId,
        };
        checkUserData(data);
        const identifiers = keyIdentifiers(input.identifiers ?? [], {
          caseInsensitive: pool.identifierCaseInsensitive,
        });
        const addresses = keyAddresses(input.addresses ?? []);
        if (input.id !== undefined && (await isOfAnotherKind(tx, scope, 'user', userId))) throw idTaken();
        await claimNames(tx, scope, identifiers, addresses);
        const userScope = { tenantId: scope.tenantId, poolId: scope.poolId, userId };
        await writing(() =>
          store.insertUser(tx, {
            scope: userScope,
            data,
            identifiers: withIds(identifiers),
            addresses: withIds(addresses),
            password: password && { ...password, id: randomUUID() },
          }),
        );
        await audit(tx, userScope, 'created', by, {
          status: data.status,
          identifiers: identifiers.map(({ identifier, type }) => ({ identifier, type })),
          password_set: password !== undefined,
        });
        return (await store.findUser(tx, userScope)) ?? absent();
      });
    },

    async get(scope: UserScope): Promise<FullUser> {
      return (await store.findUser(db.knex, scope)) ?? absent();
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
        const current = (await store.lockUser(tx, scope)) ?? absent();
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
        checkUserData(data);
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
          await endAccess(tx, { tenantId: scope.tenantId, userId: scope.userId }, 'user_deleted');
          await store.deleteUser(tx, scope);
          await countUsers(tx, scope, -1);
          await audit(tx, scope, 'deleted', by, { status: current.status });
        };
        await (current.hasRoles ? keepingAnAdministrator(tx, scope, apply) : apply());
      });
    },
  };
}

/** Rows of one statement share their time of creation: ascending ids keep them in the order they were given. */
function withIds<T extends object>(entries: readonly T[]): (T & { id: string })[] {
  const ids = entries.map(() => randomUUID()).sort();
  return entries.map((entry, index) => ({ ...entry, id: ids[index] as string }));
}

async function claimNames(
  tx: Knex.Transaction,
  scope: PoolScope,
  identifiers: readonly { readonly lookupKey: string; readonly identifierLc: string }[],
  addresses: readonly { readonly lookupKey: string; readonly verified: boolean }[],
): Promise<void> {
  const verified = addresses.filter((address) => address.verified).map((address) => address.lookupKey);
  const names = identifiers.map((identifier) => identifier.identifierLc);
  if (names.length + verified.length === 0) return;
  await store.lockNames(tx, scope, [...names, ...verified]);
  const taken = await store.isNameTaken(tx, scope, { identifiers: names, verifiedAddresses: verified });
  if (taken)
    throw conflict('An identifier or address belongs to someone else in this pool', 'identifier_taken');
}

// All rows of a user are written at once, so whichever of them notices first reports that the id is known.
const OF_A_KNOWN_ID: ReadonlySet<string> = new Set([
  'user_ids_pkey',
  'users_pkey',
  'users_by_pool',
  'credentials_one_each',
  'verifiable_addresses_of_user',
]);

async function writing(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const constraint = violatedUniqueConstraint(error);
    if (constraint !== undefined && OF_A_KNOWN_ID.has(constraint)) {
      throw idTaken();
    }
    if (constraint === 'identifiers_unique' || constraint === 'verifiable_addresses_verified') {
      throw conflict('An identifier or address belongs to someone else in this pool', 'identifier_taken');
    }
    throw error;
  }
}

const idTaken = (): DomainError => conflict('This user id is taken, or was once', 'id_taken');

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
