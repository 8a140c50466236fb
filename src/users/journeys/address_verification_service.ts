import { codeIdOf } from '../../credentials/codes.ts';
import { inTransaction } from '../../db/transaction.ts';
import { conflict, notFound, type ExpectedVersion } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import { applyStagedChange } from './address_replacement.ts';
import { findCodeOwner, findKnownUser, isProvenByAnother } from '../known_user_store.ts';
import { refused, withProvenCode, type ProveCodeDeps } from '../codes/prove_code.ts';
import { holdPerson, markProven, provenByAnother, sentTo } from '../codes/proven_address.ts';
import { sendCode, type CodeForm, type SendCodeDeps } from '../codes/send_code.ts';
import { touchUser } from '../user_store.ts';
import type { UserScope } from '../user.ts';
import { addressKeyOf, destinationFor, lookupKeysOf, type UserKey } from '../user_key.ts';

export type AddressVerificationService = ReturnType<typeof createAddressVerificationService>;

type Request = {
  readonly form: CodeForm;
  readonly workspaceId?: string | undefined;
  readonly by: Actor;
  readonly source: string | undefined;
};

export type AddressProof = {
  readonly address: string;
  readonly code: string;
  readonly expected?: ExpectedVersion;
  readonly by: Actor;
  readonly source: string | undefined;
};

/** Whether an address is really the person's (contract 5.8). Adds no sign-in name: activation does. */
export function createAddressVerificationService(deps: SendCodeDeps & ProveCodeDeps) {
  const { db } = deps;

  async function complete(
    scope: PoolScope,
    key: UserKey,
    { code, expected, by, source }: AddressProof,
  ): Promise<void> {
    const asked = {
      code,
      key,
      by,
      source,
      type: 'verify_address',
      counts: 'identity_address_verification',
    } as const;
    const mayUse = ({ status }: { status: string }) => status !== 'deleted';
    await withProvenCode(deps, scope, { ...asked, mayUse }, async ({ pool, known, code: found, consume }) => {
      const address = sentTo(known, found.addressKey);
      if (address === undefined) throw refused();
      if (address.verified) throw alreadyVerified();
      const userScope = { ...scope, userId: known.userId };
      await inTransaction(db, async (tx) => {
        await holdPerson(tx, userScope, { address, expected });
        await consume(tx);
        await markProven(tx, userScope, address);
        await applyStagedChange(tx, deps, userScope, pool, { newKey: address.lookupKey, by });
        await touchUser(tx, userScope);
        await recordAudit(tx, scope, by, {
          subject: 'otp',
          action: 'accepted',
          affected: { userId: known.userId, poolId: scope.poolId },
          payload: {
            otp_id: found.codeId,
            user_id: known.userId,
            purpose: 'verify_address',
            address: address.address,
          },
        });
      });
    });
  }

  return {
    /** Sends the link or the code for an administrator, who is told what is wrong: 404, or 409 for a proven one. */
    async requestFor(scope: UserScope, address: string, { form, workspaceId, by }: Request): Promise<void> {
      const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
      const keys = lookupKeysOf({ userId: scope.userId, address }, pool);
      const known = (await findKnownUser(db.knex, scope, keys)) ?? absent('User');
      const to = destinationFor(known, keys) ?? absent('Address');
      if (to.verified) throw alreadyVerified();
      if (await isProvenByAnother(db.knex, scope, to.lookupKey)) throw provenByAnother();
      const request = { pool, to: { known, address: to }, typed: to.lookupKey, form, workspaceId, by };
      await sendCode(deps, { ...request, type: 'verify_address', byAdministrator: true, source: undefined });
    },

    /** The same for a backend on behalf of the person: never says whether anything was sent. */
    async request(
      scope: UserScope,
      address: string,
      { form, workspaceId, by, source }: Request,
    ): Promise<void> {
      const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
      const keys = lookupKeysOf({ userId: scope.userId, address }, pool);
      const known = await findKnownUser(db.knex, scope, keys);
      const found = destinationFor(known, keys);
      const foreign = await isProvenByAnother(db.knex, scope, found?.lookupKey ?? '');
      const to = known && found && !found.verified && !foreign ? { known, address: found } : undefined;
      const typed = addressKeyOf(address);
      await sendCode(deps, { pool, type: 'verify_address', to, typed, form, workspaceId, by, source });
    },

    /** Marks the address as proven. 401 for a code that is not good for it, 409 when it is proven already. */
    complete: (scope: UserScope, proof: AddressProof): Promise<void> =>
      complete(scope, { userId: scope.userId, address: proof.address }, proof),

    /** The same for somebody who types their sign-in name. A name that nobody has is refused as a wrong code is. */
    completeByName: (scope: PoolScope, identifier: string, proof: AddressProof): Promise<void> =>
      complete(scope, { identifier, address: proof.address }, proof),

    /** The same without a person, and without a pool unless one is meant: the long form of the code names both. */
    async completeByLink(
      { tenantId, poolId }: { readonly tenantId: string; readonly poolId?: string },
      proof: AddressProof,
    ): Promise<void> {
      const owner = await findCodeOwner(db.knex, tenantId, codeIdOf(proof.code) ?? NO_CODE);
      if (owner === undefined || (poolId ?? owner.poolId) !== owner.poolId) throw refused();
      const key = { userId: owner.userId, address: proof.address };
      await complete({ tenantId, poolId: owner.poolId }, key, proof);
    },
  };
}

// An id that no code has: the look-up costs the same.
const NO_CODE = '00000000-0000-0000-0000-000000000000';

const alreadyVerified = () => conflict('The address is verified already', 'address_verified');

function absent(what: string): never {
  throw notFound(what);
}
