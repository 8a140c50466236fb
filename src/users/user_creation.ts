import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { Choices } from '../choices.ts';
import { violatedUniqueConstraint } from '../db/errors.ts';
import { conflict, type DomainError, invalid, notFound } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { Pool, PoolScope } from '../pools/pool.ts';
import { isUserId, USER_ID_RULE } from '../tenants/slug.ts';
import { isHeldByAnotherKind } from '../tenants/subject_id_store.ts';
import { ADMIN_WORKSPACE } from '../tenants/tenant.ts';
import type { HashedPassword } from './factors/new_password.ts';
import { insertUser, lockPoolAndNames } from './user_creation_store.ts';
import { checkUserData, USER_DOCUMENTS } from './user_data.ts';
import {
  foldedName,
  keyAddresses,
  keyIdentifiers,
  type FullUser,
  type NewAddress,
  type NewIdentifier,
  type UserData,
  type UserType,
} from './user.ts';

export type NewUser = Choices<UserData> & {
  readonly id?: string | undefined;
  readonly status: UserData['status'];
  readonly userType?: UserType | undefined;
  readonly identifiers?: readonly NewIdentifier[] | undefined;
  readonly addresses?: readonly NewAddress[] | undefined;
  readonly password?: HashedPassword | undefined;
};

/**
 * Creates a person in the caller's transaction, in three statements: the locks, the rows, the record. Throws
 * `DomainError`: 422 for what nobody may have, 409 for an id or a name that is somebody else's.
 */
export async function createUser(
  tx: Knex.Transaction,
  scope: PoolScope,
  input: NewUser,
  by: Actor,
): Promise<FullUser> {
  const userId = input.id ?? randomUUID();
  if (!isUserId(userId)) throw invalid('/id', USER_ID_RULE);
  const pool = (await lockPoolAndNames(tx, scope, claimedNames(input), input.id)) ?? absentPool();
  if (!pool.adminInitiatedRegistrationAllowed && by.workspaceId === ADMIN_WORKSPACE) {
    throw invalid('', 'administrators may not create people in this pool', 'registration_not_allowed');
  }
  const data = dataOf(input, pool);
  await checkUserData(tx, scope, data, USER_DOCUMENTS, pool.schemaRevisions);
  const identifiers = keyIdentifiers(input.identifiers ?? [], {
    caseInsensitive: pool.identifierCaseInsensitive,
  });
  const addresses = keyAddresses(input.addresses ?? []);
  const userScope = { tenantId: scope.tenantId, poolId: scope.poolId, userId };
  const user = await refusingTaken(() =>
    insertUser(tx, {
      scope: userScope,
      data,
      userType: input.userType ?? 'standard',
      identifiers: withIds(identifiers),
      addresses: withIds(addresses),
      password: input.password && { ...input.password, id: randomUUID() },
    }),
  );
  if (user === undefined) {
    // Asked for chosen ids alone: whoever registers gets the same statements, whether the name is taken or not.
    const isClients = input.id !== undefined && (await isHeldByAnotherKind(tx, scope, 'user', userId));
    throw isClients ? idTaken() : nameTaken();
  }
  await recordAudit(tx, userScope, by, {
    subject: 'user',
    action: 'created',
    affected: { userId, poolId: scope.poolId },
    payload: {
      user_id: userId,
      status: data.status,
      identifiers: identifiers.map(({ identifier, type }) => ({ identifier, type })),
      password_set: input.password !== undefined,
    },
  });
  return user;
}

/** What the locks are taken on, before anything is checked: all that could be found by one of the names. */
const claimedNames = ({ identifiers = [], addresses = [] }: NewUser): string[] =>
  [
    ...identifiers.map(({ identifier }) => foldedName(identifier)),
    ...addresses.filter(({ verified }) => verified).map(({ address }) => foldedName(address)),
  ].filter((name) => name !== '');

const dataOf = (input: NewUser, pool: Pool): UserData => ({
  status: input.status,
  payload: input.payload ?? {},
  metadata: input.metadata ?? {},
  businessMetadata: input.businessMetadata ?? {},
  payloadSchemaId: input.payloadSchemaId ?? pool.payloadSchemaId,
  metadataSchemaId: input.metadataSchemaId ?? pool.metadataSchemaId,
  businessMetadataSchemaId: input.businessMetadataSchemaId ?? pool.businessMetadataSchemaId,
});

/** Rows of one statement share their time of creation: ascending ids keep them in the order they were given. */
function withIds<T extends object>(entries: readonly T[]): (T & { id: string })[] {
  const ids = entries.map(() => randomUUID()).sort();
  return entries.map((entry, index) => ({ ...entry, id: ids[index] as string }));
}

// All rows of a user are written at once, so whichever of them notices first reports that the id is known.
const OF_A_KNOWN_ID: ReadonlySet<string> = new Set([
  'user_ids_pkey',
  'users_pkey',
  'users_by_pool',
  'credentials_one_each',
  'verifiable_addresses_of_user',
]);
const OF_A_KNOWN_NAME: ReadonlySet<string> = new Set(['identifiers_unique', 'verifiable_addresses_verified']);

/** Turns the unique violations of a user's rows into conflicts (409). */
export async function refusingTaken<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const constraint = violatedUniqueConstraint(error);
    if (constraint !== undefined && OF_A_KNOWN_ID.has(constraint)) throw idTaken();
    if (constraint !== undefined && OF_A_KNOWN_NAME.has(constraint)) throw nameTaken();
    throw error;
  }
}

const idTaken = (): DomainError => conflict('This user id is taken, or was once', 'id_taken');

export const nameTaken = (): DomainError =>
  conflict('An identifier or address belongs to someone else in this pool', 'identifier_taken');

function absentPool(): never {
  throw notFound('Pool');
}
