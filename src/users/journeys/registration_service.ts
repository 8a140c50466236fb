import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { HashQueue } from '../../credentials/hash_queue.ts';
import type { PasskeyRecord } from '../../credentials/passkey_record.ts';
import { inTransaction } from '../../db/transaction.ts';
import { DomainError, invalid, notFound } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import type { FreeMap } from '../../free_map.ts';
import type { Pool, PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import { countGuess, evaluating, type GuessDeps } from '../codes/guess.ts';
import { isProvenByAnother } from '../known_user_store.ts';
import { checkNewFactors, putNewFactors } from '../factors/new_factors.ts';
import { hashNewPassword, type HashedPassword } from '../factors/new_password.ts';
import { refuseKnownKeys } from '../factors/passkey_keys.ts';
import { registrationNames, type RegistrationNames } from './registration.ts';
import { sendCodeIn, type CodeForm, type CodeRequest, type SendCodeDeps } from '../codes/send_code.ts';
import { findNameOwner, mayTellOwner, tellOwnerIn, type NameOwner } from './taken_name.ts';
import { createUser, nameTaken } from '../user_creation.ts';
import type { FullUser, UserScope } from '../user.ts';
import { addressKeyOf, lookupKeysOf, type KnownUser } from '../user_key.ts';

export type RegistrationService = ReturnType<typeof createRegistrationService>;

export type Registration = {
  readonly identifier: string;
  readonly otpAddress?: string | undefined;
  readonly password?: string | undefined;
  readonly totpSecret?: string | undefined;
  readonly passkeys?: readonly PasskeyRecord[] | undefined;
  readonly payload?: FreeMap | undefined;
  /** False: the caller delivers a code of its own. */
  readonly sendMessage: boolean;
  readonly form: CodeForm;
  readonly workspaceId?: string | undefined;
  /** The application that the person came from, kept with the code. */
  readonly clientId?: string | undefined;
  readonly by: Actor;
  readonly source: string | undefined;
};

type Prepared = {
  readonly pool: Pool;
  readonly names: RegistrationNames;
  readonly password: HashedPassword | undefined;
  readonly factors: ReturnType<typeof checkNewFactors>;
};

/** People who make an account for themselves (contract 5.4). */
export function createRegistrationService(
  deps: SendCodeDeps & GuessDeps & { readonly hashQueue: HashQueue },
) {
  const { db, budget } = deps;

  async function create(
    tx: Knex.Transaction,
    input: Registration,
    { pool, names, password, factors }: Prepared,
  ): Promise<FullUser> {
    const scope = { tenantId: pool.tenantId, poolId: pool.id };
    const { identifier, address } = names;
    // Everything that is refused by itself comes before the names: else its refusal would tell that they are free.
    await refuseKnownKeys(tx, scope, factors.keys, factors.passkeys?.pointer);
    const addresses = address === undefined ? [] : [{ ...address, verified: false }];
    const data = {
      status: 'new',
      identifiers: [identifier],
      addresses,
      payload: input.payload,
      password,
    } as const;
    const user = await createUser(tx, scope, data, input.by);
    const userScope = { ...scope, userId: user.id };
    if (await isTaken(tx, userScope, names)) throw nameTaken();
    return putNewFactors(tx, deps, user, factors, input.by);
  }

  /** The person, made under a savepoint; undefined when one of the names is somebody else's. */
  async function createUnlessTaken(
    tx: Knex.Transaction,
    input: Registration,
    prepared: Prepared,
  ): Promise<FullUser | undefined> {
    try {
      return await tx.transaction((inner) => create(inner, input, prepared));
    } catch (error) {
      if (!(error instanceof DomainError && error.kind === 'conflict')) throw error;
      const { pool, names } = prepared;
      // What the statement after the refusal would have read (rule 17).
      await isTaken(tx, { tenantId: pool.tenantId, poolId: pool.id, userId: '' }, names);
      return undefined;
    }
  }

  /** Makes the person and writes to them, or writes to whoever has the name: as many statements, one message. */
  async function registerIn(
    tx: Knex.Transaction,
    input: Registration,
    prepared: Prepared,
    { owner, within }: { owner: NameOwner | undefined; within: boolean },
  ): Promise<string> {
    const { names, pool } = prepared;
    const typed = addressKeyOf(names.address?.address ?? names.identifier.identifier);
    const request: CodeRequest = {
      ...input,
      pool,
      type: 'activation',
      to: undefined,
      typed,
      selfRegistered: true,
    };
    const user = await createUnlessTaken(tx, input, prepared);
    // Not before: what is refused by itself must not use up what the owner may be told.
    const mayTell = await mayTellOwner(tx, deps, pool, user === undefined ? owner : undefined, typed);
    if (user === undefined) {
      await tellOwnerIn(tx, deps, within && mayTell ? owner : undefined, request);
      return randomUUID();
    }
    const [address] = user.addresses;
    const to = address && { known: knownFrom(user), address: { ...address, lookupKey: address.addressLc } };
    if (input.sendMessage) await sendCodeIn(tx, deps, { ...request, to: within ? to : undefined });
    return user.id;
  }

  async function prepare(scope: PoolScope, pool: Pool, input: Registration): Promise<Prepared> {
    const { otpAddress, sendMessage, identifier, payload, source } = input;
    const names = registrationNames(identifier, otpAddress, { needed: sendMessage });
    const factors = checkNewFactors(deps, {
      totp:
        input.totpSecret === undefined ? undefined : { secret: input.totpSecret, pointer: '/totp_secret' },
      passkeys: input.passkeys && { records: input.passkeys, pointer: '/webauthn_credentials' },
    });
    if (input.password === undefined) return { pool, names, factors, password: undefined };
    const given = { password: input.password, mustBeChanged: false, mustBeReset: false };
    const context = { pointer: '/password', user: { identifiers: [identifier], payload }, source };
    return { pool, names, factors, password: await hashNewPassword(deps, db.knex, pool, given, context) };
  }

  return {
    /**
     * Registers a person of status `new` and sends the activation message. Gives the id; for a name that is taken
     * a fresh one that resolves to nothing, while the owner is told. 422 where the pool does not allow it.
     */
    async register(scope: PoolScope, input: Registration): Promise<{ userId: string }> {
      const pool = (await findPool(db.knex, scope)) ?? absent();
      if (!pool.publicRegistrationAllowed) {
        throw invalid('', 'people may not register themselves in this pool', 'registration_not_allowed');
      }
      const subject = `name:${lookupKeysOf({ identifier: input.identifier }, pool).identifierKey}`;
      // Every registration of a name counts, the first one too: how many are left tells nothing about it.
      const guess = { kind: 'identity_registration', subject, source: input.source } as const;
      const counted = await countGuess(deps, scope, guess);
      return evaluating(deps, counted, async () => {
        const prepared = await prepare(scope, pool, input);
        const owner = await findNameOwner(deps, pool, input);
        const within = await takeBudget(scope, prepared.names, input);
        const userId = await inTransaction(db, (tx) => registerIn(tx, input, prepared, { owner, within }));
        return { userId };
      });
    },
  };

  function takeBudget(scope: PoolScope, { address, identifier }: RegistrationNames, input: Registration) {
    const key = addressKeyOf(address?.address ?? identifier.identifier);
    const { tenantId, poolId } = scope;
    return budget.take(db.knex, {
      tenantId,
      poolId,
      kind: 'activation',
      address: key,
      user: `unknown:${key}`,
      goesOut: input.sendMessage,
      source: input.source,
      byAdministrator: false,
    });
  }
}

/** Whether the address for the code is proven by somebody else, or their sign-in name. */
async function isTaken(
  tx: Knex.Transaction,
  scope: UserScope,
  { address }: RegistrationNames,
): Promise<boolean> {
  return address !== undefined && isProvenByAnother(tx, scope, addressKeyOf(address.address));
}

const knownFrom = (user: FullUser): KnownUser => ({
  userId: user.id,
  status: user.status,
  passwordSet: user.credentials.some(({ type }) => type === 'password'),
  payload: user.payload,
  payloadSchemaId: user.payloadSchemaId,
  identifiers: user.identifiers.map(({ identifier, identifierLc }) => ({
    identifier,
    lookupKey: identifierLc,
  })),
  addresses: user.addresses.map((entry) => ({ ...entry, lookupKey: entry.addressLc })),
});

function absent(): never {
  throw notFound('Pool');
}
